// Other control processes over the same store: what they change, and what becomes of one that is gone.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cloud/service.h"

namespace chengying::cloud {

namespace {
/// So long nothing is heard of a control process before its chips count as gone: four of its heartbeats.
constexpr std::int64_t kSilenceMostUs = 20'000'000;

/// What changes what a control process keeps in memory.
constexpr std::string_view kChanges =
    "SELECT max(sequence), count(CASE WHEN kind IN ('create_key', 'revoke_key', 'create_endpoint', "
    "'delete_endpoint', 'end_lease', 'activate_lease') THEN 1 END) FROM journal WHERE sequence > ?";

bool same_endpoint(const std::shared_ptr<const Serving>& serving, const StoredEndpoint& stored) {
  return serving != nullptr && serving->endpoint->id == stored.endpoint.id;
}
}  // namespace

void Service::keep_up_with_neighbours() {
  std::int64_t last = 0, changes = 0;
  const Status read = store_->read([&](Database& database) -> Status {
    TRY_ASSIGN(Query row, database.query(kChanges, seen_sequence_));
    TRY(row.next());
    last = row.integer(0);
    changes = row.integer(1);
    return {};
  });
  if (!read) return spdlog::error("neighbours' changes can't be read: {}", read.error().message);
  if (last == 0) return;
  if (changes > 0) {
    if (const Status known = read_neighbours_changes(); !known) {
      return spdlog::error("neighbours' changes can't be read: {}", known.error().message);
    }
  }
  seen_sequence_ = last;
}

Status Service::read_neighbours_changes() {
  TRY(refill_keys());
  const auto known_here = endpoints_.all();  // first: what is made here from now on is not missed below
  TRY_ASSIGN(auto stored, store_->read([](Database& database) { return read_endpoints(database); }));
  for (const auto& serving : known_here) {
    const bool there =
        std::ranges::any_of(stored, [&](const auto& each) { return same_endpoint(serving, each); });
    if (!there && endpoints_.replace(*serving, nullptr)) retire(serving);
  }
  for (StoredEndpoint& each : stored) {
    if (same_endpoint(endpoints_.find(each.endpoint.tenant, each.endpoint.name), each)) continue;
    const bool serve =
        each.endpoint.state == EndpointState::kStarting || each.endpoint.state == EndpointState::kReady;
    const bool known = books_.contains(each.price_book_version);
    if (serve && known) each.endpoint.state = EndpointState::kStarting;
    if (serve && !known) {
      each.endpoint.state = EndpointState::kFailed;
      each.endpoint.reason = "it was made under a newer price book than this control process has";
    }
    auto serving = std::make_shared<Serving>();
    serving->endpoint = std::make_shared<const Endpoint>(each.endpoint);
    endpoints_.put(std::move(serving));
    if (serve && known) start_later(std::move(each));
  }
  return {};
}

void Service::keep_neighbours() {
  const auto silent = store_->silent(kSilenceMostUs);
  if (!silent) return spdlog::error("neighbours can't be read: {}", silent.error().message);
  // The neighbours may have thought so of this one, when it hung.
  if (const Status back = register_lost_chips(); !back) spdlog::error("chips: {}", back.error().message);
  for (const auto& [process, heard_us] : *silent) {
    if (const Status done = take_over(process, heard_us); !done) {
      spdlog::error("control process {} can't be taken over: {}", process, done.error().message);
    }
  }
}

Status Service::register_lost_chips() {
  TRY_ASSIGN(const auto known, store_->read([](Database& database) { return read_chips(database); }));
  for (const Chips::Slot& slot : chips_.slots()) {
    const auto stored = std::ranges::find(known, slot.id, &StoredChip::id);
    if (stored == known.end() || stored->state != "gone") continue;
    const isa::ChipSpec& spec = slot.device->spec();
    TRY(store_->apply(RegisterChip{slot.id, spec.name, slot.position, spec.cores}));
  }
  return {};
}

Status Service::take_over(const std::string& process, std::int64_t heard_us) {
  if (process == config_.process) return {};
  TRY(store_->apply(VoidUnanswered{process}));
  TRY_ASSIGN(const auto chips, store_->read([](Database& database) { return read_chips(database); }));
  for (const StoredChip& chip : chips) {
    if (process_of(chip.id) != process || chip.state == "gone") continue;
    spdlog::warn("control process {} is not heard of: chip {} counts as gone", process, chip.id);
    TRY(store_->apply(SetChipState{chip.id, "gone", "its control process is not heard of",
                                   std::max<std::int64_t>(heard_us, 1)}));
  }
  return {};
}

}  // namespace chengying::cloud
