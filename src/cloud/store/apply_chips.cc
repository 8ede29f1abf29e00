// Chips, their health, and who gets their cores. `used` of a chip is the sum of its places; the table's CHECK
// refuses a core that is given twice.
#include <algorithm>
#include <limits>

#include "cloud/store/state.h"
#include "cloud/store/waiting.h"

namespace chengying::cloud {

namespace {
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
}  // namespace

Status State::check_lease_quota(const std::string& tenant, std::int64_t cores, std::int64_t leases,
                                std::int64_t cores_most, std::int64_t leases_most) {
  std::int64_t has_cores = 0, has_leases = 0;
  {
    TRY_ASSIGN(Query has, database_.query(
                              "SELECT coalesce(sum(cores * chips), 0), count(*) FROM leases WHERE tenant = ? "
                              "AND state IN ('queued', 'granted', 'active', 'draining')",
                              tenant));
    TRY(has.next());
    has_cores = has.integer(0);
    has_leases = has.integer(1);
  }
  {
    TRY_ASSIGN(Query own, database_.query("SELECT cores, leases FROM quotas WHERE tenant = ?", tenant));
    TRY_ASSIGN(const bool any, own.next());
    if (any) {
      cores_most = own.integer(0);
      leases_most = own.integer(1);
    }
  }
  if (leases > 0 && has_leases + leases > leases_most) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} leases: release one", leases_most);
  }
  if (has_cores + cores > cores_most) {
    return fail(Code::kResourceExhausted, "this needs {} cores; of the quota of {}, {} are leased", cores,
                cores_most, has_cores);
  }
  return {};
}

Status State::grant(const std::string& lease, std::int64_t cores, const std::vector<std::string>& chips) {
  std::string where;
  for (const std::string& chip : chips) {
    TRY(database_.run("UPDATE chips SET used = used + ? WHERE id = ?", cores, chip));
    TRY(database_.run("INSERT INTO places(lease, chip, cores) VALUES(?, ?, ?)", lease, chip, cores));
    where += (where.empty() ? "" : ", ") + chip;
  }
  std::string tenant;
  {
    // The journal's next row is a number that no earlier grant had.
    TRY_ASSIGN(Query row,
               database_.query("UPDATE leases SET state = 'granted', started_us = -1, fence = ?, moved = 0 "
                               "WHERE id = ? RETURNING tenant",
                               sequence_ + 1, lease));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kInternal, "no lease {} to grant", lease);
    tenant = row.text(0);
  }
  return event(tenant, lease, fmt::format("granted: {} (fence {})", where, sequence_ + 1));
}

Status State::free_places(const std::string& lease) {
  TRY(database_.run(
      "UPDATE chips SET used = used - (SELECT cores FROM places WHERE lease = ?1 AND chip = chips.id) "
      "WHERE id IN (SELECT chip FROM places WHERE lease = ?1)",
      lease));
  return database_.run("DELETE FROM places WHERE lease = ?", lease);
}

Result<std::vector<ChipRoom>> State::rooms(std::string_view kind, const std::string& tenant,
                                           const std::string& besides) {
  std::vector<ChipRoom> chips;
  TRY_ASSIGN(Query rows,
             database_.query(
                 "SELECT id, position, cores - used, EXISTS(SELECT 1 FROM places p JOIN leases l ON l.id = "
                 "p.lease WHERE p.chip = chips.id AND l.tenant = ?2) FROM chips WHERE chip = ?1 AND state = "
                 "'up' AND id NOT IN (SELECT chip FROM places WHERE lease = ?3) ORDER BY position",
                 kind, tenant, besides));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return chips;
    chips.push_back({rows.text(0), rows.integer(1), rows.integer(2), rows.integer(3) != 0});
  }
}

Result<bool> State::serve(const std::string& kind) {
  TRY_ASSIGN(auto waiting, read_waiting(database_, kind));
  bool any = false;
  Status status;
  serve_waiting(std::move(waiting), now_.monotonic_us, [&](const Waiting& lease) {
    if (!status) return false;
    const auto room = rooms(kind, lease.tenant, "");
    if (!room) {
      status = std::unexpected<Error>(room.error());
      return false;
    }
    const auto chosen = choose_chips(*room, lease.cores, lease.chips);
    if (!chosen) return false;
    status = grant(lease.id, lease.cores, *chosen);
    any = true;
    return status.has_value();
  });
  if (!status) return std::unexpected<Error>(status.error());
  return any;
}

Result<Effects> State::on(const RegisterChip& c) {
  TRY_ASSIGN(const std::int64_t same,
             database_.number(0,
                              "SELECT 1 FROM chips WHERE id = ? AND chip = ? AND position = ? "
                              "AND cores = ? AND state = 'up'",
                              c.id, c.chip, c.position, c.cores));
  if (same != 0) return Effects{.repeated = true, .result = c.id, .record = {}};
  TRY_ASSIGN(const std::int64_t used, database_.number(0, "SELECT used FROM chips WHERE id = ?", c.id));
  if (used > c.cores) {
    return fail(Code::kConflict,
                "chip {} has {} cores leased, it can't have only {}: keep its spec until they end", c.id,
                used, c.cores);
  }
  TRY(database_.run(
      "INSERT INTO chips(id, chip, position, cores, state) VALUES(?1, ?2, ?3, ?4, 'up') ON CONFLICT(id) DO "
      "UPDATE SET chip = ?2, position = ?3, cores = ?4, state = 'up', reason = ''",
      c.id, c.chip, c.position, c.cores));
  TRY(event("", c.id, "up"));
  TRY(serve(c.chip));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Status State::lose_chip(const std::string& chip, const std::string& reason, std::int64_t good_until_us) {
  TRY_ASSIGN(
      const auto leases,
      texts(database_.query("SELECT l.id FROM places p JOIN leases l ON l.id = p.lease WHERE p.chip = ? AND "
                            "l.state IN ('granted', 'active') ORDER BY l.id",
                            chip)));
  for (const std::string& id : leases) {
    TRY_ASSIGN(const LeaseRow lease, open_lease(id));
    std::int64_t ran = ran_us(lease);
    // What it was not served is not billed.
    if (lease.state == "active" && good_until_us > 0) {
      ran = lease.ran_us + std::max<std::int64_t>(good_until_us - lease.started_us, 0);
    }
    TRY(free_places(id));
    TRY(database_.run(
        "UPDATE leases SET state = 'queued', ran_us = ?, started_us = -1, moved = 1, wait_until_us = ? "
        "WHERE id = ?",
        ran, kForever, id));
    TRY(event(lease.tenant, id,
              fmt::format("lost chip {} ({}); its time stands still until it has another", chip, reason)));
  }
  return {};
}

Result<Effects> State::on(const SetChipState& c) {
  constexpr std::string_view kStates[] = {"up", "draining", "failed", "gone"};
  if (std::ranges::find(kStates, c.state) == std::end(kStates)) {
    return fail(Code::kInvalidArgument, "a chip is up, draining, failed or gone, not \"{}\"", c.state);
  }
  std::string kind;
  {
    TRY_ASSIGN(Query row, database_.query("SELECT chip, state FROM chips WHERE id = ?", c.id));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kNotFound, "no chip {}", c.id);
    if (row.text(1) == c.state) return Effects{.repeated = true, .result = c.id, .record = {}};
    kind = row.text(0);
  }
  TRY(database_.run("UPDATE chips SET state = ?, reason = ? WHERE id = ?", c.state, c.reason, c.id));
  TRY(event("", c.id, c.reason.empty() ? c.state : fmt::format("{}: {}", c.state, c.reason)));
  if (c.state != "up") {
    // Pools go elsewhere with their next endpoint.
    TRY_ASSIGN(
        const auto pools,
        texts(database_.query("SELECT lease FROM places WHERE chip = ? AND lease LIKE 'pool:%'", c.id)));
    for (const std::string& pool : pools) TRY(free_places(pool));
  }
  if (c.state == "failed" || c.state == "gone")
    TRY(lose_chip(c.id, c.reason, std::min(c.good_until_us, now_.monotonic_us)));
  TRY(serve(kind));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const OpenPool& c) {
  const std::string pool = "pool:" + c.offer;
  TRY_ASSIGN(const auto has, texts(database_.query("SELECT chip FROM places WHERE lease = ?", pool)));
  if (!has.empty()) return Effects{.repeated = true, .result = has.front(), .record = {}};
  TRY_ASSIGN(auto room, rooms(c.chip, "", ""));
  std::erase_if(room, [&](const ChipRoom& chip) { return process_of(chip.id) != process_of(c.offer); });
  const auto chosen = choose_chips(room, c.cores, 1);
  if (!chosen) {
    return fail(Code::kResourceExhausted, "no chip {} has {} cores free for offer {}", c.chip, c.cores,
                c.offer);
  }
  TRY(database_.run("UPDATE chips SET used = used + ? WHERE id = ?", c.cores, chosen->front()));
  TRY(database_.run("INSERT INTO places(lease, chip, cores) VALUES(?, ?, ?)", pool, chosen->front(),
                    c.cores));
  return Effects{.repeated = false, .result = chosen->front(), .record = {}};
}

Result<Effects> State::on(const Schedule&) {
  bool changed = false;
  TRY_ASSIGN(const auto late,
             texts(database_.query("SELECT id FROM leases WHERE state = 'queued' AND wait_until_us <= ? "
                                   "ORDER BY id",
                                   now_.monotonic_us)));
  for (const std::string& id : late) {
    TRY_ASSIGN(LeaseRow lease, open_lease(id));
    TRY(end(std::move(lease), true, "no cores were free in the time that it would wait"));
    changed = true;
  }
  TRY_ASSIGN(const auto kinds,
             texts(database_.query("SELECT DISTINCT chip FROM leases WHERE state = 'queued' ORDER BY 1")));
  for (const std::string& kind : kinds) {
    TRY_ASSIGN(const bool served, serve(kind));
    TRY_ASSIGN(const bool noticed, give_notice(kind));
    changed = changed || served || noticed;
  }
  return Effects{.repeated = !changed, .result = {}, .record = {}};
}

}  // namespace chengying::cloud
