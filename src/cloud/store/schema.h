// Schema: the tables of the store, and the steps from each released version to the next. The database guards
// the money by itself: CHECK constraints, and triggers that refuse to change what is append-only.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

inline constexpr std::int64_t kSchemaVersion = 4;

/// Sets a writing connection up (SQLite: WAL, full sync) and brings an empty or older database to `target`
/// (another only in tests of migrations). kUnsupported for a newer version, kDataLoss for a file that is no
/// store of ours.
Status prepare_store(Database& database, std::int64_t target = kSchemaVersion);

/// The version of a store's schema; 0: an empty database.
Result<std::int64_t> schema_version(Database& database);

}  // namespace chengying::cloud
