#include "cloud/store/placement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace chengying::cloud {

namespace {
std::optional<std::vector<std::string>> choose_one(std::span<const ChipRoom> chips, std::int64_t cores) {
  const ChipRoom* best = nullptr;
  const auto rank = [](const ChipRoom& chip) { return std::tuple(chip.free, !chip.near, chip.position); };
  for (const ChipRoom& chip : chips) {
    if (chip.free >= cores && (best == nullptr || rank(chip) < rank(*best))) best = &chip;
  }
  if (best == nullptr) return std::nullopt;
  return std::vector{best->id};
}

/// The first `count` of a run of neighbours; the shortest run that is long enough, so that long ones stay.
std::optional<std::vector<std::string>> choose_run(const std::vector<const ChipRoom*>& roomy,
                                                   std::size_t count) {
  std::size_t best = 0, best_length = std::numeric_limits<std::size_t>::max();
  for (std::size_t start = 0; start < roomy.size();) {
    std::size_t end = start + 1;
    while (end < roomy.size() && roomy[end]->position == roomy[end - 1]->position + 1) ++end;
    const std::size_t length = end - start;
    if (length >= count && length < best_length) {
      best = start;
      best_length = length;
    }
    start = end;
  }
  if (best_length == std::numeric_limits<std::size_t>::max()) return std::nullopt;
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(roomy[best + i]->id);
  return chosen;
}
}  // namespace

std::string_view process_of(std::string_view chip) {
  const std::size_t end = chip.find('/');
  return end == std::string_view::npos ? "" : chip.substr(0, end);
}

std::optional<std::vector<std::string>> choose_chips(std::span<const ChipRoom> chips, std::int64_t cores,
                                                     std::int64_t count) {
  if (count == 1) return choose_one(chips, cores);
  std::map<std::string_view, std::vector<const ChipRoom*>> processes;
  for (const ChipRoom& chip : chips) {
    if (chip.free >= cores) processes[process_of(chip.id)].push_back(&chip);
  }
  const auto wanted = static_cast<std::size_t>(count);
  std::erase_if(processes, [&](const auto& each) { return each.second.size() < wanted; });
  for (auto& [process, roomy] : processes) {
    std::ranges::sort(roomy, {}, &ChipRoom::position);
    if (auto run = choose_run(roomy, wanted)) return run;
  }
  if (processes.empty()) return std::nullopt;
  std::vector<std::string> apart;
  for (std::size_t i = 0; i < wanted; ++i) apart.push_back(processes.begin()->second[i]->id);
  return apart;
}

bool comes_before(const Waiting& a, const Waiting& b, std::int64_t now_us) {
  if (a.moved != b.moved) return a.moved;
  const bool a_starves = now_us - a.since_us >= kStarvingAfterUs;
  const bool b_starves = now_us - b.since_us >= kStarvingAfterUs;
  if (a_starves != b_starves) return a_starves;
  if (!a_starves) {
    // cores per weight, without a division
    const std::int64_t a_share = a.tenant_cores * b.weight, b_share = b.tenant_cores * a.weight;
    if (a_share != b_share) return a_share < b_share;
  }
  return std::tie(a.since_us, a.id) < std::tie(b.since_us, b.id);
}

std::optional<std::int64_t> estimate_start(std::vector<ChipRoom> chips, std::vector<Running> running,
                                           std::vector<Waiting> waiting, const std::string& id,
                                           std::int64_t now_us) {
  const auto add_free = [&](const std::vector<std::string>& ids, std::int64_t cores) {
    for (ChipRoom& chip : chips) {
      if (std::ranges::find(ids, chip.id) != ids.end()) chip.free += cores;
    }
  };
  for (std::int64_t time = now_us;;) {
    bool started = false;
    serve_waiting(waiting, time, [&](const Waiting& lease) {
      const auto chosen = choose_chips(chips, lease.cores, lease.chips);
      if (!chosen) return false;
      started = started || lease.id == id;
      add_free(*chosen, -lease.cores);
      running.push_back({*chosen, lease.cores, time + lease.length_us});
      std::erase_if(waiting, [&](const Waiting& each) { return each.id == lease.id; });
      return true;
    });
    if (started) return time;
    const auto next = std::ranges::min_element(running, {}, &Running::ends_us);
    if (next == running.end()) return std::nullopt;
    time = std::max(time, next->ends_us);
    add_free(next->chips, next->cores);
    running.erase(next);
  }
}

}  // namespace chengying::cloud
