// LeaseRow: a lease that has not ended as the state machine sees it. A value.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "billing/money.h"
#include "billing/price_book.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

struct LeaseRow {
  std::string id, tenant, project, key, offer, chip, state, reason, quote;
  billing::Term term = billing::Term::kOnDemand;
  std::uint16_t cores = 1, chips = 1;
  std::int64_t seconds_max = 0;
  std::int64_t capacity_price = 0, price_book_version = 0;
  std::int64_t started_us = -1;     // since when it runs, if it is active
  std::int64_t ran_us = 0;          // before that, in this stretch
  std::int64_t billed_seconds = 0;  // in this stretch
  std::int64_t seconds_used = 0;    // billed in all
  std::int64_t taken_back_us = -1;
  bool committed = false;  // its whole time is billed, used or not

  std::int64_t all_cores() const { return std::int64_t{cores} * chips; }
  /// What its longest time is billed as.
  std::int64_t seconds_whole() const { return billing::billed_seconds(term, seconds_max * 1'000'000); }
};

/// kConflict if there is no such lease, or it has ended.
Result<LeaseRow> read_lease_row(Database& database, const std::string& id);

/// The hold that a lease's money is in.
inline std::string hold_of_lease(const std::string& lease) {
  return "lease:" + lease;
}

}  // namespace chengying::cloud
