// Database: SQLite behind a small interface: statements prepared once, rows as values, failures as Errors.
// One thread at a time for each Database. Disk full and I/O faults are kUnavailable, a broken file kDataLoss,
// a violated constraint kConflict; all others kInternal.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/digest.h"
#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace chengying::cloud {

/// A running statement and its current row. Resets its statement when it goes.
class Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();
  /// True on a row, false at the end.
  Result<bool> next();
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  Digest digest(int column) const;

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, const Digest& value);

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
};

class Database {
 public:
  /// Makes the file if it is absent (not when read only). ":memory:" for tests.
  static Result<Database> open(const std::filesystem::path& path, bool read_only);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  /// Several statements, for schema and transactions.
  Status execute(const std::string& sql);

  /// Prepares (once for each text, so texts must be few: no values in them), binds in order.
  template <class... Args>
  Result<Query> query(std::string_view sql, const Args&... args) {
    TRY_ASSIGN(sqlite3_stmt * statement, prepared(sql));
    Query query(handle_, statement);
    int index = 0;
    (bind_one(query, ++index, args), ...);
    return query;
  }
  /// Runs a statement that gives no rows; returns how many rows changed.
  template <class... Args>
  Result<std::int64_t> change(std::string_view sql, const Args&... args) {
    TRY_ASSIGN(Query running, query(sql, args...));
    TRY(running.next());
    return changes();
  }
  template <class... Args>
  Status run(std::string_view sql, const Args&... args) {
    TRY(change(sql, args...));
    return {};
  }
  /// The first column of the first row, or `otherwise`.
  template <class... Args>
  Result<std::int64_t> number(std::int64_t otherwise, std::string_view sql, const Args&... args) {
    TRY_ASSIGN(Query running, query(sql, args...));
    TRY_ASSIGN(const bool row, running.next());
    return row ? running.integer(0) : otherwise;
  }

  /// False while a transaction is open. SQLite may end one by itself (disk full).
  bool in_transaction() const;
  std::int64_t changes() const;

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  Result<sqlite3_stmt*> prepared(std::string_view sql);
  static void bind_one(Query& query, int index, const Digest& value) { query.bind(index, value); }
  static void bind_one(Query& query, int index, std::string_view value) { query.bind(index, value); }
  template <std::integral T>
  static void bind_one(Query& query, int index, const T& value) {
    query.bind(index, static_cast<std::int64_t>(value));
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

}  // namespace chengying::cloud
