// Backup: a data folder's state at one moment, taken while the service runs, and the way back. What can be
// made again (compiled executables) is left out. Any process that may read the folder. A failure leaves no
// half a backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/digest.h"
#include "base/error.h"

namespace chengying::cloud {

struct BackupSums {
  std::int64_t journal_rows = 0, records = 0, models = 0;
  Digest store;  // of the store's content: the same before and after
};

/// `store_url`: the store's, "" for the file in the data folder. A backup's own store is a SQLite file
/// always. Copies the state of `data` into the folder `target`, which is made. kConflict if it exists,
/// kNotFound if `data` is no data folder, kDataLoss if its store doesn't check.
Result<BackupSums> back_up(const std::filesystem::path& data, const std::filesystem::path& target,
                           const std::string& store_url = "");
/// Makes the data folder `data`, and the store at `store_url`, from a backup that checks. kConflict if either
/// has anything in it.
Result<BackupSums> restore(const std::filesystem::path& backup, const std::filesystem::path& data,
                           const std::string& store_url = "");

}  // namespace chengying::cloud
