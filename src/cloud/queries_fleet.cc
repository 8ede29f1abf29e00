// Queries on the fleet and its queue, and on who may spend what.
#include "base/clock.h"
#include "cloud/queries.h"
#include "cloud/rows.h"
#include "cloud/store/placement.h"
#include "cloud/store/waiting.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

Result<std::vector<StoredChip>> read_chips(Database& database) {
  TRY_ASSIGN(Query query,
             database.query(
                 "SELECT id, chip, state, reason, position, cores, used FROM chips ORDER BY position, id"));
  return collect<StoredChip>(query, [](const Query& row) -> Result<StoredChip> {
    return StoredChip{row.text(0),    row.text(1),    row.text(2),   row.text(3),
                      row.integer(4), row.integer(5), row.integer(6)};
  });
}

namespace {
Result<std::vector<Running>> read_running(Database& database, const std::string& chip, std::int64_t now_us) {
  TRY_ASSIGN(Query query,
             database.query(
                 "SELECT l.id, p.chip, p.cores, l.seconds_max * 1000000 - l.ran_us, l.started_us "
                 "FROM leases l JOIN places p ON p.lease = l.id "
                 "WHERE l.chip = ? AND l.state IN ('granted', 'active', 'draining') ORDER BY l.id, p.chip",
                 chip));
  std::vector<Running> running;
  std::string last;
  for (;;) {
    TRY_ASSIGN(const bool any, query.next());
    if (!any) return running;
    if (query.text(0) == last) {
      running.back().chips.push_back(query.text(1));
      continue;
    }
    last = query.text(0);
    const std::int64_t since = query.integer(4) < 0 ? now_us : query.integer(4);
    running.push_back({{query.text(1)}, query.integer(2), since + query.integer(3)});
  }
}
}  // namespace

Result<std::optional<std::int64_t>> read_estimate(Database& database, const Lease& lease,
                                                  std::int64_t now_us) {
  TRY_ASSIGN(const auto chips, read_chips(database));
  std::vector<ChipRoom> rooms;
  for (const StoredChip& chip : chips) {
    if (chip.chip == lease.chip && chip.state == "up") {
      rooms.push_back({chip.id, chip.position, chip.cores - chip.used, false});
    }
  }
  TRY_ASSIGN(auto running, read_running(database, lease.chip, now_us));
  TRY_ASSIGN(auto waiting, read_waiting(database, lease.chip));
  return estimate_start(std::move(rooms), std::move(running), std::move(waiting), lease.id, now_us);
}

Result<std::vector<Event>> read_tenant_events(Database& database, std::string_view tenant, std::int64_t after,
                                              std::int64_t limit) {
  TRY_ASSIGN(Query query,
             database.query(
                 "SELECT sequence, wall_us, subject, what FROM events WHERE tenant = ? AND tenant <> '' AND "
                 "sequence > ? ORDER BY sequence LIMIT ?",
                 tenant, after, limit));
  return collect<Event>(query, [](const Query& row) -> Result<Event> {
    return Event{row.integer(0), format_utc(row.integer(1)), row.text(2), row.text(3)};
  });
}

Result<std::vector<Project>> read_projects(Database& database, std::string_view tenant) {
  TRY_ASSIGN(Query query, database.query("SELECT id, tenant, name, created_us FROM projects WHERE tenant = ? "
                                         "ORDER BY created_us, id",
                                         tenant));
  return collect<Project>(query, [](const Query& row) -> Result<Project> {
    return Project{row.text(0), row.text(1), row.text(2), format_utc(row.integer(3))};
  });
}

Result<std::vector<Cap>> read_caps(Database& database, std::string_view tenant, std::int64_t wall_us) {
  TRY_ASSIGN(Query query,
             database.query("SELECT subject, tenant, amount, spent, held, alerts, per, period FROM caps "
                            "WHERE tenant = ? ORDER BY subject",
                            tenant));
  return collect<Cap>(query, [month = month_of(wall_us)](const Query& row) -> Result<Cap> {
    Cap cap{row.text(0),
            row.text(1),
            Money::nano(row.integer(2)),
            Money::nano(row.integer(3)),
            Money::nano(row.integer(4)),
            row.text(5),
            row.text(6),
            ""};
    if (cap.per.empty()) return cap;
    // The row's month ends with the first hold or charge of the next, not by itself.
    if (row.integer(7) < month) cap.spent = Money();
    cap.period = month_text(std::max(row.integer(7), month));
    return cap;
  });
}

Result<std::optional<Quota>> read_quota(Database& database, std::string_view tenant) {
  TRY_ASSIGN(Query row,
             database.query("SELECT cores, leases, endpoints, models, model_bytes, requests_per_second "
                            "FROM quotas WHERE tenant = ?",
                            tenant));
  TRY_ASSIGN(const bool any, row.next());
  if (!any) return std::nullopt;
  return Quota{row.integer(0), row.integer(1), row.integer(2),
               row.integer(3), row.integer(4), row.integer(5)};
}

}  // namespace chengying::cloud
