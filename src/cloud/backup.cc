#include "cloud/backup.h"

#include <system_error>

#include "cloud/store/check.h"
#include "cloud/store/database.h"
#include "cloud/store/schema.h"
#include "cloud/store/store_digest.h"

namespace chengying::cloud {

namespace {
namespace fs = std::filesystem;

constexpr const char* kStore = "store.sqlite";
constexpr const char* kSecrets[] = {"operator.key", "quote.secret", "price_book.key"};

Status copy_one(const fs::path& from, const fs::path& to) {
  std::error_code fault;
  fs::copy_file(from, to, fs::copy_options::skip_existing, fault);
  if (fault)
    return fail(Code::kUnavailable, "{}: can't be copied to {}: {}", from.string(), to.string(),
                fault.message());
  return {};
}

Status make_folder(const fs::path& folder) {
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) return fail(Code::kUnavailable, "{}: can't be made: {}", folder.string(), fault.message());
  fs::permissions(folder, fs::perms::owner_all, fault);
  return {};
}

Status copy_models(const fs::path& from, const fs::path& to) {
  std::error_code fault;
  for (const auto& file : fs::directory_iterator(from / "models", fault)) {
    TRY(copy_one(file.path(), to / "models" / file.path().filename()));
  }
  return {};
}

Status copy_secrets(const fs::path& from, const fs::path& to) {
  for (const char* name : kSecrets) {
    std::error_code fault;
    if (fs::exists(from / name, fault)) TRY(copy_one(from / name, to / name));
  }
  return {};
}

/// Checks a copied store whole and counts what is in it.
Result<BackupSums> sums_of(const fs::path& folder) {
  TRY_ASSIGN(Database database, Database::open(folder / kStore, true));
  TRY_ASSIGN(const std::int64_t version, schema_version(database));
  if (version > kSchemaVersion) {
    return fail(Code::kUnsupported,
                "{} has schema version {}, this program knows versions up to {}: use a newer program",
                folder.string(), version, kSchemaVersion);
  }
  TRY_ASSIGN(const StoreSums checked, check_store(database));
  BackupSums sums{checked.journal_rows, checked.records, 0, {}};
  TRY_ASSIGN(sums.store, digest_of_store(database));
  std::error_code fault;
  for (const auto& file : fs::directory_iterator(folder / "models", fault))
    sums.models += file.is_regular_file() ? 1 : 0;
  return sums;
}

Status copy_state(const fs::path& from, const fs::path& to) {
  TRY(make_folder(to / "models"));
  // Before the store's moment and after it: each model that the store knows is then in the copy.
  TRY(copy_models(from, to));
  TRY(copy_secrets(from, to));
  TRY_ASSIGN(Database source, Database::open(from / kStore, true));
  TRY(source.run("VACUUM INTO ?", (to / kStore).string()));
  return copy_models(from, to);
}

/// Works in `target`.new and gives it its name at the end.
template <class Work>
Result<BackupSums> make_whole(const fs::path& target, Work work) {
  const fs::path draft = target.string() + ".new";
  std::error_code fault;
  fs::remove_all(draft, fault);
  Result<BackupSums> sums = [&]() -> Result<BackupSums> {
    TRY(make_folder(draft));
    TRY(work(draft));
    return sums_of(draft);
  }();
  if (sums) {
    fs::rename(draft, target, fault);
    if (!fault) return sums;
    sums = fail(Code::kUnavailable, "{}: can't be made: {}", target.string(), fault.message());
  }
  fs::remove_all(draft, fault);
  return sums;
}
}  // namespace

Result<BackupSums> back_up(const fs::path& data, const fs::path& target) {
  std::error_code fault;
  if (!fs::exists(data / kStore, fault))
    return fail(Code::kNotFound, "{} is no data folder: it has no store", data.string());
  if (fs::exists(target, fault))
    return fail(Code::kConflict, "{} exists: give a new folder", target.string());
  return make_whole(target, [&](const fs::path& draft) { return copy_state(data, draft); });
}

Result<BackupSums> restore(const fs::path& backup, const fs::path& data) {
  std::error_code fault;
  if (!fs::exists(backup / kStore, fault))
    return fail(Code::kNotFound, "{} is no backup: it has no store", backup.string());
  if (fs::exists(data, fault) && !fs::is_empty(data, fault)) {
    return fail(Code::kConflict, "{} has something in it: restore into a new folder", data.string());
  }
  fs::remove(data, fault);
  return make_whole(data, [&](const fs::path& draft) { return copy_state(backup, draft); });
}

}  // namespace chengying::cloud
