// Leases: cores of a chip, held for a tenant.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

namespace {
/// How long requests in flight may take once their lease ends; longer ones end with kUnavailable and cost
/// nothing.
constexpr std::chrono::seconds kFinishWait{60};

Digest body_of(const LeaseRequest& request) {
  return sha256(fmt::format("{}|{}|{}|{}", request.offer, request.seconds_max, request.name, request.quote));
}
}  // namespace

Result<const billing::Offer*> Service::offer(std::string_view offer_id) const {
  const billing::Offer* found = price_book().find(offer_id);
  if (found == nullptr) {
    return fail(Code::kNotFound, "no offer \"{}\" in price book version {}", offer_id.substr(0, 128),
                price_book().version);
  }
  return found;
}

Lease Service::with_live_time(StoredLease stored) const {
  Lease lease = std::move(stored.lease);
  const bool runs = lease.state == LeaseState::kActive && stored.started_us >= 0;
  if (runs)
    lease.seconds_used = billing::billed_seconds(lease.term, store_->now().monotonic_us - stored.started_us);
  return lease;
}

Result<Lease> Service::create_lease(const Caller& caller, const LeaseRequest& request) {
  TRY(needs(caller, Scope::kDeploy));
  if (draining_) return fail(Code::kUnavailable, "the service is stopping: try again later");
  TRY(check_name("request id", request.request_id, true));
  TRY(check_name("name", request.name, true));
  TRY_ASSIGN(const billing::Offer* found, offer(request.offer));
  billing::Offer terms = *found;
  RequestLease command;
  command.price_book_version = price_book().version;
  std::int64_t seconds = request.seconds_max;
  if (!request.quote.empty()) {
    TRY_ASSIGN(const billing::Quote quote, redeemable(caller, request.quote, billing::QuoteKind::kCapacity));
    if (quote.offer != request.offer) {
      return fail(Code::kInvalidArgument, "quote {} is for offer {}, not for {}", quote.id, quote.offer,
                  request.offer);
    }
    if (seconds == 0) seconds = quote.seconds;
    if (seconds != quote.seconds) {
      return fail(Code::kInvalidArgument, "quote {} is for {} seconds, not for {}", quote.id, quote.seconds,
                  seconds);
    }
    terms = *books_.at(quote.price_book_version).find(quote.offer);
    command.price_book_version = quote.price_book_version;
    command.quote = quote.id;
  }
  if (terms.term == billing::Term::kShared) {
    return fail(Code::kInvalidArgument, "offer {} is shared: make an endpoint on it, without a lease",
                request.offer);
  }
  if (seconds < 1 || seconds > terms.seconds_max) {
    return fail(Code::kInvalidArgument, "seconds_max {} is not in 1..{}, the longest lease of offer {}",
                seconds, terms.seconds_max, request.offer);
  }
  TRY(chips_.device(terms.chip));

  // One at a time: of two requests for the last cores, or the last of the quota, one gets it and one is
  // refused.
  const std::lock_guard lock(lease_mutex_);
  TRY_ASSIGN(const auto own, leases(caller));
  const auto open = std::ranges::count_if(own, [](const Lease& lease) {
    return lease.state != LeaseState::kEnded && lease.state != LeaseState::kFailed;
  });
  const bool repeated = !request.request_id.empty() &&
                        std::ranges::find(own, request.request_id, &Lease::request_id) != own.end();
  if (!repeated && open >= config_.limits.leases) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} leases: release one",
                config_.limits.leases);
  }
  command.id = "ls_" + random_hex(8);
  command.tenant = caller.tenant;
  command.request = request.request_id;
  command.body = body_of(request);
  command.name = request.name;
  command.offer = terms.id;
  command.chip = terms.chip;
  command.cores = terms.cores;
  command.term = name_of(terms.term);
  command.seconds_max = seconds;
  command.capacity_price = terms.capacity_micro_per_core_hour;
  command.work_price = terms.work_micro_per_core_hour;
  TRY_ASSIGN(command.hold, billing::capacity_price(billing::billed_seconds(terms.term, seconds * 1'000'000),
                                                   terms.cores, terms.capacity_micro_per_core_hour));
  const std::string id = command.id;
  TRY_ASSIGN(const Effects effects, store_->apply(std::move(command)));
  if (effects.repeated) return lease(caller, effects.result);
  if (auto placed = chips_.place(id, terms.chip, terms.cores); !placed) {
    TRY(store_->apply(EndLease{id, true, placed.error().message}));
    return std::unexpected<Error>(placed.error());
  }
  TRY(store_->apply(ActivateLease{id}));
  return lease(caller, id);
}

Result<std::vector<Lease>> Service::leases(const Caller& caller) const {
  TRY_ASSIGN(auto stored,
             store_->read([&](Database& database) { return read_leases(database, caller.tenant); }));
  std::vector<Lease> out;
  for (StoredLease& each : stored) out.push_back(with_live_time(std::move(each)));
  return out;
}

Result<Lease> Service::lease(const Caller& caller, std::string_view lease_id) const {
  TRY_ASSIGN(auto stored,
             store_->read([&](Database& database) { return read_lease(database, caller.tenant, lease_id); }));
  return with_live_time(std::move(stored));
}

Result<std::vector<Event>> Service::lease_events(const Caller& caller, std::string_view lease_id) const {
  TRY(lease(caller, lease_id));
  return store_->read([&](Database& database) { return read_events(database, lease_id); });
}

Result<Lease> Service::release_lease(const Caller& caller, std::string_view lease_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const Lease found, lease(caller, lease_id));
  if (found.state != LeaseState::kActive) return found;
  return end_lease(found, "released");
}

Result<Lease> Service::end_lease(const Lease& lease, const std::string& reason) {
  const Caller owner{lease.tenant, "", 0};
  if (auto drained = store_->apply(DrainLease{lease.id, reason}); !drained) {
    // Somebody else is ending it: what they do is what was asked for.
    if (drained.error().code == Code::kConflict) return this->lease(owner, lease.id);
    return std::unexpected<Error>(drained.error());
  }
  std::vector<std::shared_ptr<const Serving>> stopped;
  for (const auto& serving : endpoints_.all()) {
    if (serving->endpoint->lease != lease.id) continue;
    Endpoint endpoint = *serving->endpoint;
    endpoint.state = EndpointState::kStopped;
    endpoint.reason = "its lease ended";
    auto after = std::make_shared<Serving>();
    after->endpoint = std::make_shared<const Endpoint>(std::move(endpoint));
    if (endpoints_.replace(*serving, std::move(after))) stopped.push_back(serving);
  }
  const auto until = std::chrono::steady_clock::now() + kFinishWait;
  const auto busy = [](const auto& serving) { return serving->in_flight > 0; };
  while (std::ranges::any_of(stopped, busy) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  chips_.give_back(lease.id);
  TRY(store_->apply(EndLease{lease.id, false, ""}));
  return this->lease(owner, lease.id);
}

}  // namespace chengying::cloud
