// The life of a lease: requested -> active -> draining -> ended, or failed. Time is Now's monotonic line, so
// the hours that the service was down for are not in it.
#include "billing/ledger.h"
#include "billing/price_book.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

namespace {
std::string hold_of_lease(const std::string& lease) {
  return "lease:" + lease;
}
}  // namespace

Result<Effects> State::on(const RequestLease& c) {
  TRY_ASSIGN(const auto before, earlier(c.tenant, "lease", c.request, c.body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY(hold(hold_of_lease(c.id), billing::account_of_tenant(c.tenant), c.hold, true, c.body, c.quote));
  if (!c.quote.empty()) {
    TRY_ASSIGN(const std::int64_t used, database_.number(0, "SELECT 1 FROM leases WHERE quote = ?", c.quote));
    if (used != 0) return fail(Code::kConflict, "quote {} was redeemed before", c.quote);
  }
  TRY(database_.run(
      "INSERT INTO leases(id, tenant, request, name, offer, chip, cores, term, state, seconds_max, "
      "capacity_price, work_price, price_book_version, quote, created_us, held) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, 'requested', ?, ?, ?, ?, ?, ?, ?)",
      c.id, c.tenant, c.request, c.name, c.offer, c.chip, c.cores, c.term, c.seconds_max, c.capacity_price,
      c.work_price, c.price_book_version, c.quote, now_.wall_us, c.hold.nano()));
  TRY(remember(c.tenant, "lease", c.request, c.body, c.id));
  TRY(event(c.id, "requested"));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const ActivateLease& c) {
  TRY_ASSIGN(const std::int64_t changed,
             database_.change(
                 "UPDATE leases SET state = 'active', started_us = ? WHERE id = ? AND state = 'requested'",
                 now_.monotonic_us, c.id));
  if (changed != 1) return fail(Code::kConflict, "lease {} is not waiting for its cores", c.id);
  TRY(event(c.id, "active"));
  return Effects{};
}

Result<Effects> State::on(const DrainLease& c) {
  TRY_ASSIGN(const std::int64_t changed,
             database_.change("UPDATE leases SET state = 'draining', stopped_us = ?, reason = ? "
                              "WHERE id = ? AND state = 'active'",
                              now_.monotonic_us, c.reason, c.id));
  if (changed != 1) return fail(Code::kConflict, "lease {} is not active", c.id);
  TRY(database_.run("UPDATE endpoints SET state = 'stopped', reason = 'its lease ended' WHERE lease = ?",
                    c.id));
  TRY(event(c.id, "draining: " + c.reason));
  return Effects{};
}

Result<Effects> State::on(const EndLease& c) {
  billing::Record record;
  std::int64_t started = -1, stopped = -1, seconds_max = 0;
  std::string term, reason;
  {
    TRY_ASSIGN(Query lease,
               database_.query("SELECT tenant, offer, chip, cores, term, seconds_max, capacity_price, "
                               "price_book_version, quote, started_us, stopped_us, reason FROM leases "
                               "WHERE id = ? AND state NOT IN ('ended', 'failed')",
                               c.id));
    TRY_ASSIGN(const bool any, lease.next());
    if (!any) return fail(Code::kConflict, "lease {} has ended", c.id);
    record.tenant = lease.text(0);
    record.offer = lease.text(1);
    record.chip = lease.text(2);
    record.cores = static_cast<std::uint16_t>(lease.integer(3));
    term = lease.text(4);
    seconds_max = lease.integer(5);
    record.micro_per_core_hour = lease.integer(6);
    record.price_book_version = lease.integer(7);
    record.quote = lease.text(8);
    started = lease.integer(9);
    stopped = lease.integer(10);
    reason = c.reason.empty() ? lease.text(11) : c.reason;
  }
  Effects effects;
  Money charged;
  if (started < 0) {
    TRY(void_hold(hold_of_lease(c.id)));
  } else {
    TRY_ASSIGN(const billing::Term billed_by, billing::parse_term(term));
    const std::int64_t used_us = (stopped < 0 ? now_.monotonic_us : stopped) - started;
    record.kind = billing::RecordKind::kCapacity;
    record.request = record.lease = c.id;
    record.seconds = std::min(billing::billed_seconds(billed_by, used_us),
                              billing::billed_seconds(billed_by, seconds_max * 1'000'000));
    TRY_ASSIGN(record.price, price_of(record));
    TRY_ASSIGN(charged, post(hold_of_lease(c.id), billing::kRevenueAccount, record.price));
    TRY(write_record(record));
  }
  const std::string_view state = c.failed ? "failed" : "ended";
  TRY(database_.run(
      "UPDATE leases SET state = ?, reason = ?, ended_us = ?, seconds_used = ?, held = 0, charged = ? "
      "WHERE id = ?",
      state, reason, now_.wall_us, record.seconds, charged.nano(), c.id));
  TRY(database_.run("UPDATE endpoints SET state = 'stopped', reason = 'its lease ended' WHERE lease = ?",
                    c.id));
  TRY(event(c.id, reason.empty() ? std::string(state) : fmt::format("{}: {}", state, reason)));
  if (started >= 0) effects.record = std::move(record);
  return effects;
}

}  // namespace chengying::cloud
