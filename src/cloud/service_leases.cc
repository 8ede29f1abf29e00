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
  std::string text =
      fmt::format("{}|{}|{}|{}", request.offer, request.seconds_max, request.name, request.quote);
  if (request.wait_seconds != 0) text += fmt::format("|{}", request.wait_seconds);
  return sha256(text);
}
}  // namespace

Result<Money> price_of_lease(const billing::Offer& offer, std::int64_t seconds) {
  return billing::capacity_price(billing::billed_seconds(offer.term, seconds * 1'000'000),
                                 std::int64_t{offer.cores} * offer.chips, offer.capacity_micro_per_core_hour);
}

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
  const std::int64_t now = store_->now().monotonic_us;
  const bool runs = lease.state == LeaseState::kActive && stored.started_us >= 0;
  if (runs) {
    const std::int64_t ran_us = stored.ran_us + now - stored.started_us;
    const std::int64_t more = billing::billed_seconds(lease.term, ran_us) - stored.billed_seconds;
    lease.seconds_used += std::max<std::int64_t>(more, 0);
  }
  if (lease.state == LeaseState::kQueued) {
    const auto start = store_->read([&](Database& database) { return read_estimate(database, lease, now); });
    if (start && *start) lease.estimated_start = format_utc(clock_.wall_us() + **start - now);
  }
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
  if (request.wait_seconds < 0 || request.wait_seconds > config_.limits.wait_seconds) {
    return fail(Code::kInvalidArgument, "wait_seconds {} is not in 0..{}", request.wait_seconds,
                config_.limits.wait_seconds);
  }
  TRY(chips_.of_kind(terms.chip));
  command.id = "ls_" + random_hex(8);
  command.tenant = caller.tenant;
  command.project = caller.project;
  command.key = caller.key;
  command.request = request.request_id;
  command.body = body_of(request);
  command.name = request.name;
  command.offer = terms.id;
  command.chip = terms.chip;
  command.cores = terms.cores;
  command.chips = terms.chips;
  command.term = name_of(terms.term);
  command.seconds_max = seconds;
  command.wait_seconds = request.wait_seconds;
  command.notice_seconds = terms.notice_seconds;
  command.capacity_price = terms.capacity_micro_per_core_hour;
  command.work_price = terms.work_micro_per_core_hour;
  command.cores_most = config_.limits.cores;
  command.leases_most = config_.limits.leases;
  TRY_ASSIGN(command.hold, price_of_lease(terms, seconds));
  TRY_ASSIGN(const Effects effects, store_->apply(std::move(command)));
  if (!effects.repeated) TRY(reconcile());
  return lease(caller, effects.result);
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
  if (found.state == LeaseState::kQueued || found.state == LeaseState::kGranted) {
    // It has nothing to finish.
    halt_endpoints(found.id, EndpointState::kStopped, "its lease ended");
    if (auto ended = store_->apply(EndLease{found.id, false, "released"});
        !ended && ended.error().code != Code::kConflict) {
      return std::unexpected<Error>(ended.error());
    }
    chips_.give_back(found.id);
    TRY(reconcile());
    return lease(caller, lease_id);
  }
  if (found.state != LeaseState::kActive) return found;
  return end_lease(found, "released");
}

std::vector<std::shared_ptr<const Serving>> Service::halt_endpoints(const std::string& lease,
                                                                    EndpointState state,
                                                                    const std::string& reason) {
  std::vector<std::shared_ptr<const Serving>> halted;
  for (const auto& serving : endpoints_.all()) {
    // One that is just starting too: where it was to start is gone.
    const bool running = serving->endpoint->state == EndpointState::kReady ||
                         serving->endpoint->state == EndpointState::kStarting;
    if (serving->endpoint->lease != lease || !running) continue;
    Endpoint endpoint = *serving->endpoint;
    endpoint.state = state;
    endpoint.reason = reason;
    auto after = std::make_shared<Serving>();
    after->endpoint = std::make_shared<const Endpoint>(std::move(endpoint));
    if (endpoints_.replace(*serving, std::move(after))) halted.push_back(serving);
  }
  return halted;
}

void Service::let_finish(const std::vector<std::shared_ptr<const Serving>>& halted) {
  const auto until = std::chrono::steady_clock::now() + kFinishWait;
  const auto busy = [](const auto& serving) { return serving->in_flight > 0; };
  while (std::ranges::any_of(halted, busy) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result<Lease> Service::end_lease(const Lease& lease, const std::string& reason) {
  const Caller owner{lease.tenant, "", 0, ""};
  if (auto drained = store_->apply(DrainLease{lease.id, reason}); !drained) {
    // Somebody else is ending it: what they do is what was asked for.
    if (drained.error().code == Code::kConflict) return this->lease(owner, lease.id);
    return std::unexpected<Error>(drained.error());
  }
  let_finish(halt_endpoints(lease.id, EndpointState::kStopped, "its lease ended"));
  chips_.give_back(lease.id);
  TRY(store_->apply(EndLease{lease.id, false, ""}));
  TRY(reconcile());  // its cores may be another's now
  return this->lease(owner, lease.id);
}

}  // namespace chengying::cloud
