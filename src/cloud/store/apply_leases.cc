// The life of a lease: requested -> queued -> granted -> active -> draining -> ended, or failed. Time is
// Now's monotonic line, so the hours that the service was down for are not in it; only the time that it was
// active counts.
#include "billing/ledger.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

namespace {
/// The next `seconds` of a lease's stretch, priced.
Result<billing::Record> record_of(const LeaseRow& lease, std::int64_t seconds) {
  billing::Record record;
  record.tenant = lease.tenant;
  record.kind = billing::RecordKind::kCapacity;
  record.request = record.lease = lease.id;
  record.project = lease.project;
  record.key = lease.key;
  record.offer = lease.offer;
  record.chip = lease.chip;
  record.cores = lease.cores;
  record.chips = lease.chips;
  record.seconds = seconds;
  record.seconds_before = lease.billed_seconds;
  record.price_book_version = lease.price_book_version;
  record.micro_per_core_hour = lease.capacity_price;
  record.quote = lease.seconds_used == 0 ? lease.quote : "";  // once: a quote is redeemed by one record
  TRY_ASSIGN(record.price, price_of(record));
  return record;
}
}  // namespace

Result<LeaseRow> State::open_lease(const std::string& id) {
  return read_lease_row(database_, id);
}

Result<LeaseRow> State::active_lease(const std::string& id, const std::string& tenant,
                                     std::string_view step) {
  TRY_ASSIGN(LeaseRow lease, open_lease(id));
  if (lease.tenant != tenant) return fail(Code::kNotFound, "no lease {}", id);
  if (lease.state != "active")
    return fail(Code::kConflict, "lease {} is {}: {} needs it active", id, lease.state, step);
  if (lease.taken_back_us >= 0)
    return fail(Code::kConflict, "lease {} is being taken back: {} is too late", id, step);
  return lease;
}

std::int64_t State::ran_us(const LeaseRow& lease) const {
  return lease.ran_us + (lease.state == "active" ? now_.monotonic_us - lease.started_us : 0);
}

Result<Effects> State::on(const RequestLease& c) {
  TRY_ASSIGN(const auto before, earlier(c.tenant, "lease", c.request, c.body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY(check_lease_quota(c.tenant, std::int64_t{c.cores} * c.chips, 1, c.cores_most, c.leases_most));
  if (!c.quote.empty()) {
    TRY_ASSIGN(const std::int64_t used,
               database_.number(0, "SELECT 1 FROM leases WHERE quote = ?1 AND quote <> ''", c.quote));
    if (used != 0) return fail(Code::kConflict, "quote {} was redeemed before", c.quote);
  }
  TRY(hold(hold_of_lease(c.id), {c.tenant, c.project, c.key}, c.hold, true, c.body, c.quote));
  TRY(database_.run(
      "INSERT INTO leases(id, tenant, request, name, offer, chip, cores, chips, term, state, seconds_max, "
      "capacity_price, work_price, price_book_version, quote, created_us, held, project, key, requested_us, "
      "wait_until_us, notice_seconds, committed) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      c.id, c.tenant, c.request, c.name, c.offer, c.chip, c.cores, c.chips, c.term, c.seconds_max,
      c.capacity_price, c.work_price, c.price_book_version, c.quote, now_.wall_us, c.hold.nano(), c.project,
      c.key, now_.monotonic_us, now_.monotonic_us + c.wait_seconds * 1'000'000, c.notice_seconds,
      c.term == "reserved"));
  TRY(remember(c.tenant, "lease", c.request, c.body, c.id));
  TRY(event(c.tenant, c.id, "requested"));
  TRY_ASSIGN(const std::int64_t whole,
             database_.number(0,
                              "SELECT count(*) FROM chips WHERE chip = ? AND cores >= ? "
                              "AND state <> 'gone'",
                              c.chip, c.cores));
  if (whole < c.chips) {
    return fail(Code::kResourceExhausted, "this service has {} chips {} with {} cores, the offer needs {}",
                whole, c.chip, c.cores, c.chips);
  }
  TRY(serve(c.chip));
  TRY_ASSIGN(const std::int64_t queued,
             database_.number(0, "SELECT 1 FROM leases WHERE id = ? AND state = 'queued'", c.id));
  if (queued == 0) return Effects{.repeated = false, .result = c.id, .record = {}};
  if (c.wait_seconds == 0) {
    return fail(
        Code::kResourceExhausted,
        "{} cores on each of {} chips {} are not free now: wait for them (wait_seconds), or take less",
        c.cores, c.chips, c.chip);
  }
  TRY(event(c.tenant, c.id, "queued"));
  TRY(give_notice(c.chip));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const ActivateLease& c) {
  TRY_ASSIGN(const std::int64_t changed,
             database_.change(
                 "UPDATE leases SET state = 'active', started_us = ? WHERE id = ? AND state = 'granted' "
                 "AND fence = ?",
                 now_.monotonic_us, c.id, c.fence));
  if (changed != 1)
    return fail(Code::kConflict, "lease {} is not waiting for its cores under fence {}", c.id, c.fence);
  TRY_ASSIGN(const LeaseRow lease, open_lease(c.id));
  TRY(event(lease.tenant, c.id, "active"));
  return Effects{};
}

Result<Effects> State::on(const DrainLease& c) {
  TRY_ASSIGN(const LeaseRow lease, open_lease(c.id));
  if (lease.state != "active") return fail(Code::kConflict, "lease {} is not active", c.id);
  TRY(database_.run(
      "UPDATE leases SET state = 'draining', ran_us = ?, started_us = -1, reason = ? WHERE id = ?",
      ran_us(lease), c.reason, c.id));
  TRY(database_.run("UPDATE endpoints SET state = 'stopped', reason = 'its lease ended' WHERE lease = ?",
                    c.id));
  TRY(event(lease.tenant, c.id, "draining: " + c.reason));
  return Effects{};
}

Result<std::optional<billing::Record>> State::settle_stretch(LeaseRow& lease, bool failed) {
  const bool ran = lease.state == "active" || lease.state == "draining" || lease.ran_us > 0;
  std::int64_t seconds =
      ran ? std::min(billing::billed_seconds(lease.term, ran_us(lease)), lease.seconds_whole()) : 0;
  // While it waits for another chip it is not served: what it did not get it does not owe.
  const bool served = lease.state != "queued";
  if (ran && lease.committed && served && !failed) seconds = lease.seconds_whole();
  seconds -= lease.billed_seconds;
  if (seconds <= 0) {
    TRY(void_hold(hold_of_lease(lease.id)));
    return std::nullopt;
  }
  TRY_ASSIGN(billing::Record record, record_of(lease, seconds));
  TRY_ASSIGN(const Money charged, post(hold_of_lease(lease.id), billing::kRevenueAccount, record.price));
  if (charged != record.price) {
    return fail(Code::kInternal, "lease {}: {} was held, {} used", lease.id, to_string(charged),
                to_string(record.price));
  }
  TRY(write_record(record));
  TRY(
      database_.run("UPDATE leases SET charged = charged + ?, seconds_used = seconds_used + ?, held = 0, "
                    "billed_seconds = billed_seconds + ? WHERE id = ?",
                    record.price.nano(), seconds, seconds, lease.id));
  return record;
}

Result<std::optional<billing::Record>> State::end(LeaseRow lease, bool failed, const std::string& reason) {
  TRY_ASSIGN(auto record, settle_stretch(lease, failed));
  TRY(free_places(lease.id));
  const std::string_view state = failed ? "failed" : "ended";
  TRY(database_.run(
      "UPDATE leases SET state = ?, reason = ?, ended_us = ?, started_us = -1, held = 0 WHERE id = ?", state,
      reason, now_.wall_us, lease.id));
  TRY(database_.run("UPDATE endpoints SET state = 'stopped', reason = 'its lease ended' WHERE lease = ?",
                    lease.id));
  TRY(event(lease.tenant, lease.id,
            reason.empty() ? std::string(state) : fmt::format("{}: {}", state, reason)));
  return record;
}

Result<Effects> State::on(const EndLease& c) {
  TRY_ASSIGN(LeaseRow lease, open_lease(c.id));
  const std::string reason = c.reason.empty() ? lease.reason : c.reason;
  const std::string chip = lease.chip;
  Effects effects;
  TRY_ASSIGN(effects.record, end(std::move(lease), c.failed, reason));
  TRY(serve(chip));
  return effects;
}

Result<Effects> State::on(const MeterLease& c) {
  TRY_ASSIGN(LeaseRow lease, open_lease(c.id));
  const std::int64_t unit = lease.term == billing::Term::kReserved ? 3600 : 1;
  const std::int64_t done = std::min(ran_us(lease) / 1'000'000 / unit * unit, lease.seconds_whole());
  const std::int64_t seconds = done - lease.billed_seconds;
  // The last unit is the end's: so that the hold is settled by it.
  if (lease.state != "active" || seconds <= 0 || done == lease.seconds_whole()) {
    return Effects{.repeated = true, .result = {}, .record = {}};
  }
  TRY_ASSIGN(billing::Record record, record_of(lease, seconds));
  TRY(post_part(hold_of_lease(lease.id), billing::kRevenueAccount, record.price));
  TRY(write_record(record));
  TRY(database_.run(
      "UPDATE leases SET charged = charged + ?1, held = held - ?1, seconds_used = seconds_used + ?2, "
      "billed_seconds = billed_seconds + ?2 WHERE id = ?3",
      record.price.nano(), seconds, lease.id));
  return Effects{.repeated = false, .result = c.id, .record = std::move(record)};
}

}  // namespace chengying::cloud
