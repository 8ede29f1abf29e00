// check_store: reads a whole store and finds what was changed from outside: the journal's chain, the ledger's
// entries and the usage records against the journal, the balances against the entries, their sum against 0.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

struct StoreSums {
  std::int64_t journal_rows = 0, entries = 0, records = 0;
};

/// kDataLoss names the first bad row: which table, which row, what is wrong.
Result<StoreSums> check_store(Database& database);

}  // namespace chengying::cloud
