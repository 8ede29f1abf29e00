// What a tenant changes on a running lease: its length, its slice, its chips.
#include "billing/ledger.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

Result<Effects> State::on(const ExtendLease& c) {
  const Digest body = sha256(fmt::format("{}|{}", c.id, c.seconds));
  TRY_ASSIGN(const auto before, earlier(c.tenant, "extend", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY_ASSIGN(LeaseRow lease, active_lease(c.id, c.tenant, "extending"));
  // A reserved lease is renewed for a term at a time; others have one longest time in all.
  const bool renewal = lease.term == billing::Term::kReserved;
  const std::int64_t most = renewal ? c.seconds_max : c.seconds_max - lease.seconds_max;
  if (c.seconds < 1 || c.seconds > most) {
    return fail(Code::kInvalidArgument, "lease {} can be extended by 1..{} seconds, not by {}", c.id,
                std::max<std::int64_t>(most, 0), c.seconds);
  }
  TRY_ASSIGN(const std::int64_t starving,
             database_.number(
                 0, "SELECT count(*) FROM leases WHERE state = 'queued' AND chip = ? AND requested_us <= ?",
                 lease.chip, now_.monotonic_us - kStarvingAfterUs));
  if (starving > 0) {
    return fail(Code::kResourceExhausted,
                "{} leases have waited for chips {} for long: their turn comes first", starving, lease.chip);
  }
  const std::int64_t before_seconds = lease.seconds_whole();
  lease.seconds_max += c.seconds;
  TRY_ASSIGN(const Money was,
             billing::capacity_price(before_seconds, lease.all_cores(), lease.capacity_price));
  TRY_ASSIGN(const Money becomes,
             billing::capacity_price(lease.seconds_whole(), lease.all_cores(), lease.capacity_price));
  TRY_ASSIGN(const Money more, billing::subtract(becomes, was));
  TRY(add_to_hold(hold_of_lease(c.id), {lease.tenant, lease.project, lease.key}, more));
  TRY(database_.run("UPDATE leases SET seconds_max = ?, held = held + ? WHERE id = ?", lease.seconds_max,
                    more.nano(), c.id));
  TRY(remember(c.tenant, "extend", c.request, body, c.id));
  TRY(event(c.tenant, c.id, fmt::format("extended by {} s", c.seconds)));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const ResizeLease& c) {
  const Digest body = sha256(fmt::format("{}|{}", c.id, c.offer));
  TRY_ASSIGN(const auto before, earlier(c.tenant, "resize", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY_ASSIGN(LeaseRow lease, active_lease(c.id, c.tenant, "resizing"));
  const std::int64_t cores = std::int64_t{c.cores} * c.chips;
  if (lease.committed && cores < lease.all_cores()) {
    return fail(Code::kConflict, "lease {} is reserved: it can grow, not shrink", c.id);
  }
  if (cores > lease.all_cores())
    TRY(check_lease_quota(c.tenant, cores - lease.all_cores(), 0, c.cores_most, 0));
  const std::int64_t ran_seconds = (ran_us(lease) + 999'999) / 1'000'000;
  const std::int64_t left = lease.seconds_max - ran_seconds;
  if (left < 1) return fail(Code::kConflict, "the time of lease {} is over", c.id);
  Effects effects;
  TRY_ASSIGN(effects.record, settle_stretch(lease, true));  // what it used; the rest goes on in the new slice
  TRY(free_places(c.id));
  TRY_ASSIGN(const auto room, rooms(lease.chip, lease.tenant, ""));
  const auto chosen = choose_chips(room, c.cores, c.chips);
  if (!chosen) {
    return fail(Code::kResourceExhausted, "{} cores on each of {} chips {} are not free now", c.cores,
                c.chips, lease.chip);
  }
  lease.seconds_max = left;
  TRY_ASSIGN(const Money price, billing::capacity_price(lease.seconds_whole(), cores, c.capacity_price));
  TRY(hold(hold_of_lease(c.id), {lease.tenant, lease.project, lease.key}, price, true, body, ""));
  TRY(database_.run(
      "UPDATE leases SET offer = ?, cores = ?, chips = ?, capacity_price = ?, work_price = ?, "
      "price_book_version = ?, seconds_max = ?, held = ?, ran_us = 0, billed_seconds = 0 WHERE id = ?",
      c.offer, c.cores, c.chips, c.capacity_price, c.work_price, c.price_book_version, left, price.nano(),
      c.id));
  TRY(grant(c.id, c.cores, *chosen));
  TRY(database_.run(
      "UPDATE endpoints SET offer = ?, cores = ?, work_price = ?, price_book_version = ?, state = "
      "'starting' WHERE lease = ? AND state IN ('starting', 'ready')",
      c.offer, c.cores, c.work_price, c.price_book_version, c.id));
  TRY(remember(c.tenant, "resize", c.request, body, c.id));
  TRY(event(c.tenant, c.id, fmt::format("resized to {}", c.offer)));
  TRY(serve(lease.chip));
  effects.result = c.id;
  return effects;
}

Result<Effects> State::on(const MoveLease& c) {
  const Digest body = sha256(c.id);
  TRY_ASSIGN(const auto before, earlier(c.tenant, "move", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY_ASSIGN(const LeaseRow lease, active_lease(c.id, c.tenant, "moving"));
  TRY_ASSIGN(const auto room, rooms(lease.chip, lease.tenant, c.id));
  const auto chosen = choose_chips(room, lease.cores, lease.chips);
  if (!chosen) {
    return fail(Code::kResourceExhausted, "no other chips {} have {} cores free for lease {}", lease.chip,
                lease.cores, c.id);
  }
  TRY(free_places(c.id));
  TRY(database_.run("UPDATE leases SET ran_us = ?, started_us = -1 WHERE id = ?", ran_us(lease), c.id));
  TRY(grant(c.id, lease.cores, *chosen));
  TRY(remember(c.tenant, "move", c.request, body, c.id));
  TRY(serve(lease.chip));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

}  // namespace chengying::cloud
