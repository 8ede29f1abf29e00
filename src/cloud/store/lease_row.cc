#include "cloud/store/lease_row.h"

namespace chengying::cloud {

Result<LeaseRow> read_lease_row(Database& database, const std::string& id) {
  TRY_ASSIGN(
      Query row,
      database.query("SELECT tenant, project, key, offer, chip, state, reason, quote, term, cores, chips, "
                     "seconds_max, capacity_price, price_book_version, started_us, ran_us, billed_seconds, "
                     "taken_back_us, committed, seconds_used FROM leases WHERE id = ? AND state NOT IN "
                     "('ended', 'failed')",
                     id));
  TRY_ASSIGN(const bool any, row.next());
  if (!any) return fail(Code::kConflict, "lease {} has ended", id);
  LeaseRow lease{.id = id,
                 .tenant = row.text(0),
                 .project = row.text(1),
                 .key = row.text(2),
                 .offer = row.text(3),
                 .chip = row.text(4),
                 .state = row.text(5),
                 .reason = row.text(6),
                 .quote = row.text(7),
                 .term = {},
                 .cores = static_cast<std::uint16_t>(row.integer(9)),
                 .chips = static_cast<std::uint16_t>(row.integer(10)),
                 .seconds_max = row.integer(11),
                 .capacity_price = row.integer(12),
                 .price_book_version = row.integer(13),
                 .started_us = row.integer(14),
                 .ran_us = row.integer(15),
                 .billed_seconds = row.integer(16),
                 .seconds_used = row.integer(19),
                 .taken_back_us = row.integer(17),
                 .committed = row.integer(18) != 0};
  TRY_ASSIGN(lease.term, billing::parse_term(row.text(8)));
  return lease;
}

}  // namespace chengying::cloud
