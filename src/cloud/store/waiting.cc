#include "cloud/store/waiting.h"

namespace chengying::cloud {

Result<std::vector<Waiting>> read_waiting(Database& database, const std::string& kind) {
  std::vector<Waiting> waiting;
  TRY_ASSIGN(
      Query rows,
      database.query(
          "SELECT l.id, l.tenant, l.cores, l.chips, l.requested_us, l.moved, t.weight, "
          "(SELECT coalesce(sum(o.cores * o.chips), 0) FROM leases o WHERE o.tenant = l.tenant AND "
          "o.state IN ('granted', 'active', 'draining')), l.seconds_max * 1000000 - l.ran_us "
          "FROM leases l JOIN tenants t ON t.id = l.tenant WHERE l.state = 'queued' AND l.chip = ? ORDER BY "
          "l.id",
          kind));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return waiting;
    waiting.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3), rows.integer(4),
                       rows.integer(5) != 0, rows.integer(6), rows.integer(7), rows.integer(8)});
  }
}

/// The first column of all rows.
Result<std::vector<std::string>> texts(Result<Query> rows) {
  std::vector<std::string> out;
  if (!rows) return std::unexpected<Error>(std::move(rows).error());
  for (;;) {
    TRY_ASSIGN(const bool any, rows->next());
    if (!any) return out;
    out.push_back(rows->text(0));
  }
}

}  // namespace chengying::cloud
