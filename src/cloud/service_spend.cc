// Live spend, and where it leads.
#include <algorithm>

#include "cloud/service.h"
#include "cloud/text.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

namespace {
__extension__ using Wide = __int128;

constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;

/// The sum of a tenant's records from a wall time on.
Result<Money> recorded_since(Database& database, const std::string& tenant, std::int64_t from_us) {
  TRY_ASSIGN(const std::int64_t nano,
             database.number(
                 0,
                 "SELECT coalesce(sum(CAST(json_extract(text, '$.price_nano') AS BIGINT)), 0) FROM records "
                 "WHERE tenant = ? AND wall_us >= ?",
                 tenant, from_us));
  return Money::nano(nano);
}
}  // namespace

Result<Spend> Service::spend(const Caller& caller) const {
  TRY(needs(caller, Scope::kBilling));
  const std::int64_t wall = clock_.wall_us();
  const std::int64_t month = month_of(wall);
  Spend spend;
  spend.currency = price_book().currency;
  spend.at = format_utc(wall);
  TRY(store_->read([&](Database& database) -> Status {
    TRY_ASSIGN(spend.today, recorded_since(database, caller.tenant, wall / kDayUs * kDayUs));
    TRY_ASSIGN(spend.month, recorded_since(database, caller.tenant, start_of_month(month)));
    TRY_ASSIGN(spend.last_day, recorded_since(database, caller.tenant, wall - kDayUs));
    return {};
  }));
  TRY_ASSIGN(const auto open, store_->read([](Database& database) { return read_open_leases(database); }));
  const std::int64_t now = store_->now().monotonic_us;
  for (const StoredLease& stored : open) {
    const Lease& lease = stored.lease;
    if (lease.tenant != caller.tenant || lease.state != LeaseState::kActive) continue;
    const std::int64_t cores = std::int64_t{lease.cores} * lease.chips;
    const std::int64_t seconds = billing::billed_seconds(lease.term, stored.ran_us + now - stored.started_us);
    TRY_ASSIGN(const Money whole,
               billing::capacity_price(seconds, cores, lease.capacity_micro_per_core_hour));
    TRY_ASSIGN(const Money billed,
               billing::capacity_price(stored.billed_seconds, cores, lease.capacity_micro_per_core_hour));
    if (whole <= billed) continue;
    TRY_ASSIGN(const Money more, billing::subtract(whole, billed));
    TRY_ASSIGN(spend.running, billing::add(spend.running, more));
  }
  for (Money* sum : {&spend.today, &spend.month, &spend.last_day}) {
    TRY_ASSIGN(*sum, billing::add(*sum, spend.running));
  }
  // The rest of the month as the last 24 hours.
  const Wide more = Wide(spend.last_day.nano()) * (start_of_month(month + 1) - wall) / kDayUs;
  TRY_ASSIGN(spend.forecast, billing::add(spend.month, Money::nano(static_cast<std::int64_t>(more))));
  return spend;
}

}  // namespace chengying::cloud
