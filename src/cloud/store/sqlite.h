// SQLite as a Database's connection: a file in the process, one writing process at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

Result<std::unique_ptr<Connection>> open_sqlite(const std::string& path, bool read_only);

}  // namespace chengying::cloud
