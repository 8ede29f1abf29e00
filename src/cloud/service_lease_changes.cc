// Leases that change while they run: longer, of another size, on other chips.
#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

Result<Lease> Service::extend_lease(const Caller& caller, std::string_view lease_id, std::int64_t seconds,
                                    std::string_view request_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY(check_name("request id", request_id, true));
  TRY_ASSIGN(const Lease found, lease(caller, lease_id));
  const billing::Offer* terms = books_.at(found.price_book_version).find(found.offer);
  TRY(store_->apply(
      ExtendLease{found.id, caller.tenant, std::string(request_id), seconds, terms->seconds_max}));
  return lease(caller, lease_id);
}

Result<Lease> Service::resize_lease(const Caller& caller, std::string_view lease_id,
                                    std::string_view offer_id, std::string_view request_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY(check_name("request id", request_id, true));
  TRY_ASSIGN(const Lease found, lease(caller, lease_id));
  TRY_ASSIGN(const billing::Offer* terms, offer(offer_id));
  if (terms->chip != found.chip || terms->term != found.term) {
    return fail(Code::kInvalidArgument, "lease {} is {} on chip {}: offer {} is {} on chip {}", found.id,
                name_of(found.term), found.chip, terms->id, name_of(terms->term), terms->chip);
  }
  return change_places(
      found, ResizeLease{found.id, caller.tenant, std::string(request_id), terms->id, terms->cores,
                         terms->chips, terms->capacity_micro_per_core_hour, terms->work_micro_per_core_hour,
                         price_book().version, config_.limits.cores});
}

Result<Lease> Service::move_lease(const Caller& caller, std::string_view lease_id,
                                  std::string_view request_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY(check_name("request id", request_id, true));
  TRY_ASSIGN(const Lease found, lease(caller, lease_id));
  return change_places(found, MoveLease{found.id, caller.tenant, std::string(request_id)});
}

Result<Lease> Service::change_places(const Lease& lease, Command command) {
  // What runs is finished first: an answer from cores that were lost would not be billed, but it would be
  // lost too.
  const auto halted = halt_endpoints(lease.id, EndpointState::kStarting, "its lease is moving");
  let_finish(halted);
  auto changed = store_->apply(std::move(command));
  const Status up = reconcile();
  for (const auto& serving : halted) retire(serving);
  start_endpoints_of(lease.id);
  if (!changed) return std::unexpected<Error>(changed.error());
  TRY(up);
  return this->lease({lease.tenant, "", 0, ""}, lease.id);
}

}  // namespace chengying::cloud
