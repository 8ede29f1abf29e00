// The fleet: what the store granted is opened on the devices, what it took away is closed.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cloud/faulty_device.h"
#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

Status Service::register_chips() {
  for (const Chips::Slot& slot : chips_.slots()) {
    const isa::ChipSpec& spec = slot.device->spec();
    TRY(store_->apply(RegisterChip{slot.id, spec.name, slot.position, spec.cores}));
  }
  TRY_ASSIGN(const auto known, store_->read([](Database& database) { return read_chips(database); }));
  for (const StoredChip& chip : known) {
    const bool configured =
        std::ranges::any_of(chips_.slots(), [&](const auto& slot) { return slot.id == chip.id; });
    if (!configured && process_of(chip.id) == config_.process)
      TRY(store_->apply(SetChipState{chip.id, "gone", "not configured any more", 0}));
  }
  return {};
}

Status Service::reconcile() {
  const std::lock_guard lock(reconcile_mutex_);
  TRY_ASSIGN(const auto leases, store_->read([](Database& database) { return read_open_leases(database); }));
  for (const StoredLease& stored : leases) TRY(reconcile_lease(stored.lease));
  for (const auto& [holder, places] : chips_.open()) {  // that a neighbour ended
    const bool known =
        holder.starts_with("pool:") ||
        std::ranges::any_of(leases, [&](const StoredLease& stored) { return stored.lease.id == holder; });
    if (known) continue;
    halt_endpoints(holder, EndpointState::kStopped, "its lease ended");
    chips_.give_back(holder);
  }
  return {};
}

Status Service::reconcile_lease(const Lease& lease) {
  const auto open = chips_.of(lease.id);
  const bool granted = lease.state == LeaseState::kGranted || lease.state == LeaseState::kActive;
  const bool stale = open && (lease.state == LeaseState::kQueued || (granted && open->fence != lease.fence));
  if (stale) {
    chips_.give_back(lease.id);  // first: nothing may start there any more
    halt_endpoints(lease.id, EndpointState::kStarting, "its lease waits for other cores");
  }
  if (!granted || (open && !stale) || !chips_.have(lease.on)) return {};
  if (auto placed = chips_.place(lease.id, lease.fence, lease.on, lease.cores); !placed) {
    if (placed.error().code == Code::kResourceExhausted) return {};  // still closing: the keeper tries again
    spdlog::error("lease {}: {}", lease.id, placed.error().message);
    for (const std::string& chip : lease.on) {
      if (!placed.error().message.starts_with(chip + ":")) continue;
      TRY(store_->apply(SetChipState{chip, "failed", placed.error().message, 0}));
    }
    return {};
  }
  if (lease.state == LeaseState::kGranted) {
    // It may have ended, or have been granted anew, in between.
    if (auto active = store_->apply(ActivateLease{lease.id, lease.fence}); !active) {
      chips_.give_back(lease.id);
      if (active.error().code == Code::kConflict) return {};
      return std::unexpected<Error>(active.error());
    }
  }
  start_endpoints_of(lease.id);
  return {};
}

void Service::start_endpoints_of(const std::string& lease) {
  auto stored = store_->read([](Database& database) { return read_endpoints(database); });
  if (!stored) return spdlog::error("endpoints can't be read: {}", stored.error().message);
  for (StoredEndpoint& each : *stored) {
    if (each.endpoint.lease != lease) continue;
    const auto serving = endpoints_.find(each.endpoint.tenant, each.endpoint.name);
    if (serving != nullptr && serving->endpoint->id == each.endpoint.id) start_later(std::move(each));
  }
}

void Service::start_later(StoredEndpoint stored) {
  const auto serving = endpoints_.find(stored.endpoint.tenant, stored.endpoint.name);
  if (serving == nullptr || serving->endpoint->state != EndpointState::kStarting) return;
  stored.endpoint.state = EndpointState::kStarting;
  const std::lock_guard lock(work_mutex_);
  to_start_.push_back(std::move(stored));
  ++starting_;
  work_ready_.notify_all();
}

Result<Places> Service::pool(const billing::Offer& offer) {
  // Each control process has pools of its own, on its chips.
  const std::string own = config_.process.empty() ? offer.id : config_.process + "/" + offer.id;
  const std::string holder = "pool:" + own;
  const std::lock_guard lock(reconcile_mutex_);
  if (auto open = chips_.of(holder)) return open;
  TRY(chips_.of_kind(offer.chip));
  TRY_ASSIGN(const Effects effects, store_->apply(OpenPool{own, offer.chip, offer.cores}));
  TRY(chips_.place(holder, 0, {effects.result}, offer.cores));
  return chips_.of(holder);
}

void Service::close_pools_on(const std::string& chip) {
  for (const auto& [holder, places] : chips_.open()) {
    if (!holder.starts_with("pool:") || places.places.front().chip != chip) continue;
    const std::string offer = holder.substr(holder.find_last_of(":/") + 1);
    std::vector<std::shared_ptr<const Serving>> halted;
    for (const auto& serving : endpoints_.all()) {
      const bool on_it = serving->endpoint->lease.empty() && serving->endpoint->offer == offer &&
                         serving->endpoint->state == EndpointState::kReady;
      if (!on_it) continue;
      Endpoint endpoint = *serving->endpoint;
      endpoint.state = EndpointState::kStarting;
      endpoint.reason = "its pool is moving";
      auto after = std::make_shared<Serving>();
      after->endpoint = std::make_shared<const Endpoint>(std::move(endpoint));
      if (endpoints_.replace(*serving, std::move(after))) halted.push_back(serving);
    }
    chips_.give_back(holder);
    auto stored = store_->read([](Database& database) { return read_endpoints(database); });
    if (!stored) continue;
    for (StoredEndpoint& each : *stored) {
      const bool on_it = std::ranges::any_of(
          halted, [&](const auto& serving) { return serving->endpoint->id == each.endpoint.id; });
      if (on_it) start_later(std::move(each));
    }
  }
}

Result<std::vector<Chip>> Service::chips(const Caller&) const {
  TRY_ASSIGN(const auto known, store_->read([](Database& database) { return read_chips(database); }));
  std::vector<Chip> chips;
  for (const Chips::Slot& slot : chips_.slots()) {
    Chip chip{.spec = slot.device->spec(),
              .cores = slot.device->spec().cores,
              .free_cores = 0,
              .id = slot.id,
              .state = {},
              .reason = {}};
    const auto stored = std::ranges::find(known, slot.id, &StoredChip::id);
    if (stored != known.end()) {
      chip.state = stored->state;
      chip.reason = stored->reason;
      chip.free_cores = chip.state == "up" ? stored->cores - stored->used : 0;
    }
    chips.push_back(std::move(chip));
  }
  return chips;
}

Status Service::set_chip_fault(const Caller& caller, std::string_view chip_id, std::string_view fault) {
  TRY(needs(caller, Scope::kAdmin));
  if (config_.machinery.faults == nullptr) {
    return fail(Code::kPermissionDenied,
                "this service injects no faults: start it with `chengying serve --inject-faults`");
  }
  TRY_ASSIGN(const Fault parsed, parse_fault(fault));
  const bool known =
      std::ranges::any_of(chips_.slots(), [&](const auto& slot) { return slot.id == chip_id; });
  if (!known) return fail(Code::kNotFound, "no chip {}", chip_id.substr(0, 128));
  spdlog::warn("fault injected into chip {}: {}", chip_id, fault);
  config_.machinery.faults->set(std::string(chip_id), parsed);
  return {};
}

Result<Chip> Service::set_chip_state(const Caller& caller, std::string_view chip_id, std::string_view state,
                                     std::string_view reason) {
  TRY(needs(caller, Scope::kAdmin));
  TRY(check_name("reason", reason, true));
  if (!chips_.have({std::string(chip_id)}))
    return fail(Code::kNotFound, "no chip {}", chip_id.substr(0, 128));
  TRY(change_chip(std::string(chip_id), std::string(state), std::string(reason), 0));
  TRY_ASSIGN(const auto all, chips(caller));
  const auto found = std::ranges::find(all, chip_id, &Chip::id);
  if (found == all.end()) return fail(Code::kNotFound, "no chip {}", chip_id.substr(0, 128));
  return *found;
}

Status Service::change_chip(const std::string& chip, const std::string& state, const std::string& reason,
                            std::int64_t good_until_us) {
  TRY(store_->apply(SetChipState{chip, state, reason, good_until_us}));
  if (state != "up") spdlog::warn("chip {} is {}: {}", chip, state, reason);
  if (state == "draining") TRY(move_leases_off(chip));
  if (state != "up") close_pools_on(chip);
  return reconcile();
}

void Service::keep_chips() {
  if (config_.health.every.count() == 0) return;
  for (const Health::Failed& failed : health_.check(chips_, store_->now().monotonic_us)) {
    if (auto changed = change_chip(failed.chip, "failed", failed.reason, failed.good_until_us); !changed) {
      spdlog::error("chip {} can't be taken out of service: {}", failed.chip, changed.error().message);
    }
  }
}

Status Service::move_leases_off(const std::string& chip) {
  TRY_ASSIGN(const auto leases, store_->read([](Database& database) { return read_open_leases(database); }));
  for (const StoredLease& stored : leases) {
    const Lease& lease = stored.lease;
    if (lease.state != LeaseState::kActive || std::ranges::find(lease.on, chip) == lease.on.end()) continue;
    // Without room elsewhere it stays until it ends: nobody is thrown off for maintenance.
    if (auto moved = change_places(lease, MoveLease{lease.id, lease.tenant, ""}); !moved) {
      spdlog::warn("lease {} stays on chip {}: {}", lease.id, chip, moved.error().message);
    }
  }
  return {};
}

}  // namespace chengying::cloud
