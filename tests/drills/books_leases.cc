// Leases in Books: time and money. Where there is room is the store's to say; that no core is given twice is
// checked by History.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "books.h"
#include "books_arithmetic.h"

namespace chengying::cloud {

namespace {
std::string hold_id(const std::string& lease) {
  return "lease:" + lease;
}
}  // namespace

std::int64_t Books::ran_us(const Lease& lease) const {
  return lease.ran_us + (lease.state == "active" ? monotonic_us_ - lease.started_us : 0);
}

void Books::settle_stretch(const std::string& id, bool failed) {
  const Lease& lease = now_.leases.at(id);
  const bool ran = lease.state == "active" || lease.state == "draining" || lease.ran_us > 0;
  const std::int64_t whole = whole_seconds(lease.reserved, lease.seconds_max);
  std::int64_t seconds = 0;
  if (ran) seconds = std::min(started_seconds(lease.reserved, ran_us(lease)), whole);
  if (ran && lease.reserved && lease.state != "queued" && !failed) seconds = whole;
  if (seconds <= lease.billed) return release(hold_id(id));
  charge(hold_id(id),
         capacity(seconds, lease.cores, lease.price) - capacity(lease.billed, lease.cores, lease.price));
}

Expected Books::on(const RequestLease& c) {
  if (const auto before = earlier({c.tenant, "lease", c.request}, c.body)) return *before;
  const Payer payer{c.tenant, c.project, c.key};
  if (const auto fault = set_aside(hold_id(c.id), {payer, c.hold.nano(), true, c.body, c.quote}))
    return refused(*fault);
  remember({c.tenant, "lease", c.request}, c.body);
  Lease lease{.payer = payer, .chip = c.chip};
  lease.cores = std::int64_t{c.cores} * c.chips;
  lease.seconds_max = c.seconds_max;
  lease.price = c.capacity_price;
  lease.reserved = c.term == "reserved";
  lease.wait_until_us = monotonic_us_ + c.wait_seconds * kSecond;
  now_.leases[c.id] = lease;
  return {.refused = {}, .needs_room = true};
}

Expected Books::on(const Schedule&) {
  std::vector<std::string> late;
  for (const auto& [id, lease] : now_.leases) {
    if (lease.state == "queued" && lease.wait_until_us <= monotonic_us_) late.push_back(id);
  }
  for (const std::string& id : late) {
    settle_stretch(id, true);
    now_.leases.erase(id);
  }
  return {.refused = {}, .either = late.empty()};
}

Expected Books::on(const ActivateLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end() || it->second.state != "granted" || it->second.fence != c.fence) {
    return refused(Code::kConflict);
  }
  it->second.state = "active";
  it->second.started_us = monotonic_us_;
  return {};
}

Books::Lease* Books::active_lease(const std::string& id) {
  const auto it = now_.leases.find(id);
  const bool fine = it != now_.leases.end() && it->second.state == "active" && !it->second.taken_back;
  return fine ? &it->second : nullptr;
}

Expected Books::on(const ExtendLease& c) {
  Lease* lease = active_lease(c.id);
  if (lease == nullptr) return refused(Code::kConflict);
  const std::int64_t most = lease->reserved ? c.seconds_max : c.seconds_max - lease->seconds_max;
  if (c.seconds < 1 || c.seconds > most) return refused(Code::kInvalidArgument);
  const std::int64_t was =
      capacity(whole_seconds(lease->reserved, lease->seconds_max), lease->cores, lease->price);
  const std::int64_t becomes =
      capacity(whole_seconds(lease->reserved, lease->seconds_max + c.seconds), lease->cores, lease->price);
  if (const auto fault = set_aside(hold_id(c.id), {lease->payer, becomes - was, true, {}, ""})) {
    return {.refused = fault, .needs_room = true};
  }
  lease->seconds_max += c.seconds;
  return {.refused = {}, .needs_room = true};
}

Expected Books::on(const ResizeLease& c) {
  Lease* lease = active_lease(c.id);
  const std::int64_t cores = std::int64_t{c.cores} * c.chips;
  if (lease == nullptr || (lease->reserved && cores < lease->cores)) return refused(Code::kConflict);
  const std::int64_t left = lease->seconds_max - ceil_div(ran_us(*lease), kSecond);
  if (left < 1) return refused(Code::kConflict);
  settle_stretch(c.id, true);
  const std::int64_t price = capacity(whole_seconds(lease->reserved, left), cores, c.capacity_price);
  if (const auto fault = set_aside(hold_id(c.id), {lease->payer, price, true, {}, ""})) {
    now_ = before_;
    return {.refused = fault, .needs_room = true};
  }
  lease->state = "granted";
  lease->cores = cores;
  lease->price = c.capacity_price;
  lease->seconds_max = left;
  lease->started_us = -1;
  lease->ran_us = lease->billed = 0;
  return {.refused = {}, .needs_room = true};
}

Expected Books::on(const MoveLease& c) {
  Lease* lease = active_lease(c.id);
  if (lease == nullptr) return refused(Code::kConflict);
  lease->ran_us = ran_us(*lease);
  lease->started_us = -1;
  lease->state = "granted";
  return {.refused = {}, .needs_room = true};
}

Expected Books::on(const MeterLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end()) return refused(Code::kConflict);
  Lease& lease = it->second;
  const std::int64_t unit = lease.reserved ? 3600 : 1;
  const std::int64_t whole = whole_seconds(lease.reserved, lease.seconds_max);
  const std::int64_t done = std::min(ran_us(lease) / kSecond / unit * unit, whole);
  if (lease.state != "active" || done <= lease.billed || done == whole) return repeated();
  const std::int64_t price =
      capacity(done, lease.cores, lease.price) - capacity(lease.billed, lease.cores, lease.price);
  now_.holds.at(hold_id(c.id)).amount -= price;
  pay(lease.payer, price, price);
  ++now_.records;
  lease.billed = done;
  return {};
}

Expected Books::on(const DrainLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end() || it->second.state != "active") return refused(Code::kConflict);
  it->second.ran_us = ran_us(it->second);
  it->second.state = "draining";
  return {};
}

Expected Books::on(const EndLease& c) {
  if (!now_.leases.contains(c.id)) return refused(Code::kConflict);
  settle_stretch(c.id, c.failed);
  now_.leases.erase(c.id);
  return {};
}

void Books::lose(const std::vector<std::string>& leases, std::int64_t good_until_us, const Now& now) {
  monotonic_us_ = now.monotonic_us;
  for (const std::string& id : leases) {
    Lease& lease = now_.leases.at(id);
    if (lease.state == "draining") continue;
    if (lease.state == "active") {
      const std::int64_t until = good_until_us == 0 ? monotonic_us_ : std::min(good_until_us, monotonic_us_);
      lease.ran_us += std::max<std::int64_t>(until - lease.started_us, 0);
    }
    lease.state = "queued";
    lease.started_us = -1;
    lease.wait_until_us = std::numeric_limits<std::int64_t>::max();
  }
}

std::string Books::observe(const std::string& id, const std::string& state, std::int64_t fence,
                           bool taken_back) {
  const auto it = now_.leases.find(id);
  if (it == now_.leases.end()) return fmt::format("lease {} is {}, it should have ended", id, state);
  Lease& lease = it->second;
  const bool granted = lease.state == "queued" && state == "granted";
  if (!granted && lease.state != state)
    return fmt::format("lease {} is {}, it should be {}", id, state, lease.state);
  if (fence < lease.fence)
    return fmt::format("the fence of lease {} fell from {} to {}", id, lease.fence, fence);
  if (granted && fence == lease.fence) return fmt::format("lease {} was granted under its old fence", id);
  lease.state = state;
  lease.fence = fence;
  lease.taken_back = taken_back;
  return "";
}

}  // namespace chengying::cloud
