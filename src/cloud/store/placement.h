// Placement: which chips a lease gets, whose turn it is, and when that will be. Pure: from numbers that the
// store has, so that the state machine decides the same again from its journal. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chengying::cloud {

/// A chip that is up.
struct ChipRoom {
  std::string id;
  std::int64_t position = 0;  // in the fleet: neighbours have neighbouring positions
  std::int64_t free = 0;      // cores
  bool near = false;          // the tenant has cores on it already
};

/// The control process that a chip belongs to: what is before the '/' of its id; "" if it has none.
std::string_view process_of(std::string_view chip);

/// The chips, by position, that get `cores` each; nullopt if there is no room. One chip: the fullest that has
/// room, so that large holes stay; then one that is near. Several: those next to each other, in the shortest
/// run that has room. All of one control process, which is to serve them.
std::optional<std::vector<std::string>> choose_chips(std::span<const ChipRoom> chips, std::int64_t cores,
                                                     std::int64_t count);

/// A lease that waits for its cores.
struct Waiting {
  std::string id, tenant;
  std::int64_t cores = 0, chips = 1;
  std::int64_t since_us = 0;
  bool moved = false;             // had cores, and lost them with their chip
  std::int64_t weight = 1;        // of its tenant
  std::int64_t tenant_cores = 0;  // that its tenant has now
  std::int64_t length_us = 0;     // how long it will run
};

/// After this long a lease goes before all others, and nobody goes past it.
inline constexpr std::int64_t kStarvingAfterUs = std::int64_t{600} * 1'000'000;

/// True if `a` comes before `b`: moved ones, then starving ones by age, then the tenant that has the least
/// for its weight, then by age.
bool comes_before(const Waiting& a, const Waiting& b, std::int64_t now_us);

/// Of all that wait for one kind of chip: calls `place(lease)` in turn, which says whether it got its cores.
/// A lease without room lets others past, unless it is starving.
template <class Place>
void serve_waiting(std::vector<Waiting> waiting, std::int64_t now_us, Place place) {
  while (!waiting.empty()) {
    std::size_t next = 0;
    for (std::size_t i = 1; i < waiting.size(); ++i) {
      if (comes_before(waiting[i], waiting[next], now_us)) next = i;
    }
    const Waiting lease = std::move(waiting[next]);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(next));
    if (!place(lease)) {
      if (now_us - lease.since_us >= kStarvingAfterUs) return;
      continue;
    }
    for (Waiting& other : waiting) {
      if (other.tenant == lease.tenant) other.tenant_cores += lease.cores * lease.chips;
    }
  }
}

/// What runs, and until when at the latest.
struct Running {
  std::vector<std::string> chips;
  std::int64_t cores = 0;  // on each
  std::int64_t ends_us = 0;
};

/// When lease `id` of `waiting` starts if every lease runs as long as it may and nobody else comes: an upper
/// estimate for those whose turn it is. nullopt if never.
std::optional<std::int64_t> estimate_start(std::vector<ChipRoom> chips, std::vector<Running> running,
                                           std::vector<Waiting> waiting, const std::string& id,
                                           std::int64_t now_us);

}  // namespace chengying::cloud
