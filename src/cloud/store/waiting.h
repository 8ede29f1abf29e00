// What the queue for a kind of chip is, read from the tables. One thread, as the database.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cloud/store/database.h"
#include "cloud/store/placement.h"

namespace chengying::cloud {

Result<std::vector<Waiting>> read_waiting(Database& database, const std::string& kind);

/// The first column of all rows.
Result<std::vector<std::string>> texts(Result<Query> rows);

}  // namespace chengying::cloud
