#include "cloud/store/sqlite.h"

#include <sqlite3.h>

#include <cstring>

#include "base/check.h"

namespace chengying::cloud {

namespace {
Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    default:
      return Code::kInternal;
  }
}

std::unexpected<Error> failure(sqlite3* handle, int result) {
  const Code code = code_of(result);
  if ((result & 0xff) == SQLITE_FULL) {
    return fail(code, "the store is full: free some space on its disk; nothing was lost, try again then");
  }
  if (code == Code::kUnavailable) {
    return fail(code, "the store can't be written ({}); nothing was lost, try again", sqlite3_errstr(result));
  }
  return fail(code, "store: {}", handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle));
}
}  // namespace

Query::Query(Query&& other) noexcept : database_(other.database_), statement_(other.statement_) {
  other.statement_ = nullptr;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return failure(database_, sqlite3_extended_errcode(database_));
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

Digest Query::digest(int column) const {
  Digest digest;
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (bytes != nullptr && size == digest.bytes.size()) std::memcpy(digest.bytes.data(), bytes, size);
  return digest;
}

// Copied (transient): a Query may outlive the arguments it was made from.
void Query::bind(int index, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
}
void Query::bind(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  CHECK(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
        SQLITE_OK);
}
void Query::bind(int index, const Digest& value) {
  CHECK(sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT) ==
        SQLITE_OK);
}

Result<Database> Database::open(const std::filesystem::path& path, bool read_only) {
  sqlite3* handle = nullptr;
  const int flags =
      (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (result != SQLITE_OK) return within(path.string(), failure(handle, result).error());
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(other.handle_), statements_(std::move(other.statements_)) {
  other.handle_ = nullptr;
  other.statements_.clear();
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  if (handle_ != nullptr) sqlite3_close(handle_);
}

Status Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failure(handle_, result);
  return {};
}

Result<sqlite3_stmt*> Database::prepared(std::string_view sql) {
  const auto it = statements_.find(sql);
  if (it != statements_.end()) return it->second;
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return failure(handle_, result);
  statements_.emplace(sql, statement);
  return statement;
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

}  // namespace chengying::cloud
