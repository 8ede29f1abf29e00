#include "cloud/store/sqlite.h"

#include <sqlite3.h>

#include <string_view>

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

class SqliteCursor final : public Cursor {
 public:
  SqliteCursor(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  ~SqliteCursor() override {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Result<bool> next() override {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return failure(database_, sqlite3_extended_errcode(database_));
  }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const override {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
};

// Copied (transient): a cursor may outlive the arguments that it was made from.
struct Bind {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
  int operator()(std::string_view value) const {
    const char* data = value.data() == nullptr ? "" : value.data();
    return sqlite3_bind_text64(statement, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  int operator()(const Digest* value) const {
    return sqlite3_bind_blob64(statement, index, value->bytes.data(), value->bytes.size(), SQLITE_TRANSIENT);
  }
};

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(sqlite3* handle) : handle_(handle) {}
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  Status execute(const std::string& sql) override {
    const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result);
    return {};
  }
  Result<std::unique_ptr<Cursor>> start(std::string_view sql, std::span<const Value> values) override {
    TRY_ASSIGN(sqlite3_stmt * statement, prepared(sql));
    auto cursor = std::make_unique<SqliteCursor>(handle_, statement);
    int index = 0;
    for (const Value& value : values) CHECK(std::visit(Bind{statement, ++index}, value) == SQLITE_OK);
    return cursor;
  }
  Result<std::unique_ptr<Cursor>> scan(const std::string& sql) override { return start(sql, {}); }
  Status begin_writing() override { return execute("BEGIN IMMEDIATE"); }
  Status begin_reading() override { return execute("BEGIN"); }
  bool in_transaction() const override { return sqlite3_get_autocommit(handle_) == 0; }
  std::int64_t changes() const override { return sqlite3_changes64(handle_); }
  std::int64_t steps() const override {
    std::int64_t steps = 0;
    for (const auto& [sql, statement] : statements_) {
      steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    }
    return steps;
  }

 private:
  Result<sqlite3_stmt*> prepared(std::string_view sql) {
    const auto it = statements_.find(sql);
    if (it != statements_.end()) return it->second;
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result);
    statements_.emplace(sql, statement);
    return statement;
  }

  sqlite3* handle_;
  ByText<sqlite3_stmt*> statements_;
};
}  // namespace

Result<std::unique_ptr<Connection>> open_sqlite(const std::string& path, bool read_only) {
  sqlite3* handle = nullptr;
  const int flags =
      (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  auto connection = std::make_unique<SqliteConnection>(handle);
  if (result != SQLITE_OK) return within(path, failure(handle, result).error());
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  return connection;
}

}  // namespace chengying::cloud
