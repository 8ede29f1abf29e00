#include "cloud/backup.h"

#include <system_error>

#include "cloud/store/check.h"
#include "cloud/store/database.h"
#include "cloud/store/schema.h"
#include "cloud/store/store_copy.h"
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

/// The store of one moment as a SQLite file.
Status copy_store_file(const std::string& from, const fs::path& to) {
  TRY_ASSIGN(Database source, Database::open(from, true));
  if (source.backend() == Backend::kSqlite) return source.run("VACUUM INTO ?", to.string());
  TRY_ASSIGN(const std::int64_t version, schema_version(source));
  if (version != kSchemaVersion) {
    return fail(Code::kUnsupported,
                "the store has schema version {}, this program's is {}: start its service with "
                "this program first, or take the program that it is of",
                version, kSchemaVersion);
  }
  TRY_ASSIGN(Database copy, Database::open(to, false));
  TRY(prepare_store(copy));
  return copy_store(source, copy);
}

/// A restored store goes from its file into an empty database, and is the same there.
Status move_store(const fs::path& folder, const std::string& store_url) {
  {
    TRY_ASSIGN(Database source, Database::open(folder / kStore, false));
    TRY(prepare_store(source));  // brings an older one forward
    TRY_ASSIGN(Database target, Database::open(store_url, false));
    TRY(prepare_store(target));
    TRY(copy_store(source, target));
    TRY_ASSIGN(const Digest was, digest_of_store(source));
    TRY_ASSIGN(const Digest is, digest_of_store(target));
    if (was != is)
      return fail(Code::kDataLoss, "the restored store is {}, the backup's was {}", is.hex(), was.hex());
  }
  std::error_code fault;
  fs::remove(folder / kStore, fault);
  return {};
}

Status copy_state(const fs::path& from, const fs::path& to, const std::string& store) {
  TRY(make_folder(to / "models"));
  // Before the store's moment and after it: each model that the store knows is then in the copy.
  TRY(copy_models(from, to));
  TRY(copy_secrets(from, to));
  TRY(copy_store_file(store, to / kStore));
  return copy_models(from, to);
}

/// Works in `target`.new, checks it, and gives it its name after `last(it)`.
template <class Work, class Last>
Result<BackupSums> make_whole(const fs::path& target, Work work, Last last) {
  const fs::path draft = target.string() + ".new";
  std::error_code fault;
  fs::remove_all(draft, fault);
  Result<BackupSums> sums = [&]() -> Result<BackupSums> {
    TRY(make_folder(draft));
    TRY(work(draft));
    TRY_ASSIGN(const BackupSums made, sums_of(draft));
    TRY(last(draft));
    return made;
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

Result<BackupSums> back_up(const fs::path& data, const fs::path& target, const std::string& store_url) {
  std::error_code fault;
  if (!fs::exists(store_url.empty() ? data / kStore : data / "models", fault))
    return fail(Code::kNotFound, "{} is no data folder: it has no store", data.string());
  if (fs::exists(target, fault))
    return fail(Code::kConflict, "{} exists: give a new folder", target.string());
  const std::string store = store_url.empty() ? (data / kStore).string() : store_url;
  return make_whole(
      target, [&](const fs::path& draft) { return copy_state(data, draft, store); },
      [](const fs::path&) { return Status(); });
}

Result<BackupSums> restore(const fs::path& backup, const fs::path& data, const std::string& store_url) {
  std::error_code fault;
  if (!fs::exists(backup / kStore, fault))
    return fail(Code::kNotFound, "{} is no backup: it has no store", backup.string());
  if (fs::exists(data, fault) && !fs::is_empty(data, fault)) {
    return fail(Code::kConflict, "{} has something in it: restore into a new folder", data.string());
  }
  fs::remove(data, fault);
  return make_whole(
      data, [&](const fs::path& draft) { return copy_state(backup, draft, backup / kStore); },
      [&](const fs::path& draft) { return store_url.empty() ? Status() : move_store(draft, store_url); });
}

}  // namespace chengying::cloud
