// Spot leases are taken back, with notice, where they stand in the way of others.
#include <algorithm>
#include <map>

#include "base/clock.h"
#include "cloud/store/state.h"
#include "cloud/store/waiting.h"

namespace chengying::cloud {

namespace {
/// A spot lease's cores on one chip.
struct Spot {
  std::string lease, tenant;
  std::int64_t cores = 0, notice_seconds = 0;
  bool noticed = false;
};
struct ChipOfSpots {
  std::int64_t free = 0;
  std::vector<Spot> spots;  // the youngest first

  std::int64_t coming() const {
    std::int64_t cores = free;
    for (const Spot& spot : spots) cores += spot.noticed ? spot.cores : 0;
    return cores;
  }
  std::int64_t potential() const {
    std::int64_t cores = free;
    for (const Spot& spot : spots) cores += spot.cores;
    return cores;
  }
};

/// Of each chip of a kind that is up: what is free, and which spot leases would have gone by `until_us`.
Result<std::map<std::string, ChipOfSpots>> read_spots(Database& database, const std::string& kind,
                                                      std::int64_t now_us, std::int64_t until_us) {
  std::map<std::string, ChipOfSpots> chips;
  TRY_ASSIGN(
      Query rows,
      database.query(
          "SELECT c.id, c.cores - c.used, coalesce(l.id, ''), l.tenant, p.cores, l.notice_seconds, "
          "l.taken_back_us >= 0 FROM chips c LEFT JOIN places p ON p.chip = c.id LEFT JOIN leases l ON "
          "l.id = p.lease AND l.term = 'spot' AND l.state IN ('granted', 'active') AND (l.taken_back_us "
          ">= 0 OR l.notice_seconds * 1000000 <= ?) WHERE c.chip = ? AND c.state = 'up' "
          "ORDER BY c.id, l.requested_us DESC, l.id",
          until_us - now_us, kind));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return chips;
    ChipOfSpots& chip = chips[rows.text(0)];
    chip.free = rows.integer(1);
    if (rows.text(2).empty()) continue;
    chip.spots.push_back(
        {rows.text(2), rows.text(3), rows.integer(4), rows.integer(5), rows.integer(6) != 0});
  }
}
}  // namespace

Result<bool> State::give_notice(const std::string& kind) {
  std::vector<Waiting> order;
  {
    TRY_ASSIGN(auto waiting, read_waiting(database_, kind));
    serve_waiting(std::move(waiting), now_.monotonic_us, [&](const Waiting& lease) {
      order.push_back(lease);
      return true;
    });
  }
  // For the first whom notices help; the next one's turn comes once that one has its cores.
  for (const Waiting& lease : order) {
    TRY_ASSIGN(const Notice given, give_notice_for(kind, lease));
    if (given != Notice::kUseless) return given == Notice::kGiven;
  }
  return false;
}

Result<State::Notice> State::give_notice_for(const std::string& kind, const Waiting& lease) {
  std::int64_t until = 0;
  {
    TRY_ASSIGN(Query row, database_.query("SELECT wait_until_us, term FROM leases WHERE id = ?", lease.id));
    TRY_ASSIGN(const bool any, row.next());
    if (!any || row.text(1) == "spot") return Notice::kUseless;  // a spot lease takes nobody's cores
    until = row.integer(0);
  }
  TRY_ASSIGN(const auto chips, read_spots(database_, kind, now_.monotonic_us, until));
  std::vector<const ChipOfSpots*> able;
  for (const auto& [id, chip] : chips) {
    if (chip.potential() >= lease.cores) able.push_back(&chip);
  }
  if (static_cast<std::int64_t>(able.size()) < lease.chips) return Notice::kUseless;
  // Where the fewest cores have to be taken back.
  std::ranges::stable_sort(able, {}, [&](const ChipOfSpots* chip) {
    return std::max<std::int64_t>(lease.cores - chip->coming(), 0);
  });
  bool given = false;
  for (std::int64_t i = 0; i < lease.chips; ++i) {
    std::int64_t coming = able[static_cast<std::size_t>(i)]->coming();
    for (const Spot& spot : able[static_cast<std::size_t>(i)]->spots) {
      if (coming >= lease.cores) break;
      if (spot.noticed) continue;
      coming += spot.cores;
      given = true;
      const std::int64_t wait_us = spot.notice_seconds * 1'000'000;
      TRY_ASSIGN(const std::int64_t noticed,
                 database_.change("UPDATE leases SET taken_back_us = ? WHERE id = ? AND taken_back_us < 0",
                                  now_.monotonic_us + wait_us, spot.lease));
      if (noticed == 0) continue;  // it is on another of these chips too
      TRY(event(spot.tenant, spot.lease,
                fmt::format("notice: its cores are needed; it is taken back in {} s, about {}",
                            spot.notice_seconds, format_utc(now_.wall_us + wait_us))));
    }
  }
  return given ? Notice::kGiven : Notice::kComing;
}

}  // namespace chengying::cloud
