// Database: the store's SQL behind one small interface, whichever database it is: a SQLite file in the
// process, or PostgreSQL where several control processes share one store. Statements are the same text for
// both (`?`, `?1`), are prepared once, give rows as values and failures as Errors. One thread at a time for
// each Database. Disk full, I/O faults and a lost connection are kUnavailable, a broken file kDataLoss, a
// violated constraint kConflict; all others kInternal.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/digest.h"
#include "base/error.h"

namespace chengying::cloud {

enum class Backend : std::uint8_t { kSqlite, kPostgres };

using Value = std::variant<std::int64_t, std::string_view, const Digest*>;

/// What a connection keeps for each statement's text.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// A running statement and its current row.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual Result<bool> next() = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;  // of a blob: its bytes
};

/// What a backend does (sqlite.cc, postgres.cc).
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Status execute(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<Cursor>> start(std::string_view sql, std::span<const Value> values) = 0;
  virtual Result<std::unique_ptr<Cursor>> scan(const std::string& sql) = 0;
  virtual Status begin_writing() = 0;
  virtual Status begin_reading() = 0;
  virtual bool in_transaction() const = 0;
  virtual std::int64_t changes() const = 0;
  /// Of the database's virtual machine so far; 0 where it doesn't tell.
  virtual std::int64_t steps() const { return 0; }
};

/// Resets its statement when it goes.
class Query {
 public:
  explicit Query(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}
  /// True on a row, false at the end.
  Result<bool> next() { return cursor_->next(); }
  std::int64_t integer(int column) const { return cursor_->integer(column); }
  std::string text(int column) const { return cursor_->text(column); }
  Digest digest(int column) const;

 private:
  std::unique_ptr<Cursor> cursor_;
};

class Database {
 public:
  /// A path of a SQLite file, which is made if it is absent (not when read only; ":memory:" for tests), or
  /// `postgresql://...`, a database of a PostgreSQL server.
  static Result<Database> open(const std::string& where, bool read_only);
  static Backend backend_of(std::string_view where);

  Backend backend() const { return backend_; }
  /// True if other processes may write the same store.
  bool shared() const { return backend_ == Backend::kPostgres; }

  /// Several statements, for schema and transactions.
  Status execute(const std::string& sql) { return connection_->execute(sql); }

  /// Prepares (once for each text, so texts must be few: no values in them), binds in order.
  template <class... Args>
  Result<Query> query(std::string_view sql, const Args&... args) {
    const std::array<Value, sizeof...(args)> values{value_of(args)...};
    ++statements_;
    TRY_ASSIGN(auto cursor, connection_->start(sql, values));
    return Query(std::move(cursor));
  }
  /// A query without values whose rows may be more than fit in memory. Inside begin_reading.
  Result<Query> scan(const std::string& sql) {
    TRY_ASSIGN(auto cursor, connection_->scan(sql));
    return Query(std::move(cursor));
  }
  /// Runs a statement that gives no rows; returns how many rows changed.
  template <class... Args>
  Result<std::int64_t> change(std::string_view sql, const Args&... args) {
    TRY_ASSIGN(Query running, query(sql, args...));
    TRY(running.next());
    return connection_->changes();
  }
  template <class... Args>
  Status run(std::string_view sql, const Args&... args) {
    TRY(change(sql, args...));
    return {};
  }
  /// The same with values whose number is known only here.
  Status run_values(std::string_view sql, std::span<const Value> values) {
    TRY_ASSIGN(auto cursor, connection_->start(sql, values));
    TRY(cursor->next());
    return {};
  }
  /// The first column of the first row, or `otherwise`.
  template <class... Args>
  Result<std::int64_t> number(std::int64_t otherwise, std::string_view sql, const Args&... args) {
    TRY_ASSIGN(Query running, query(sql, args...));
    TRY_ASSIGN(const bool row, running.next());
    return row ? running.integer(0) : otherwise;
  }

  /// Begins the transaction of the store's only writer: nobody else, in no process, writes until it ends, and
  /// what they wrote before is seen.
  Status begin_writing() { return connection_->begin_writing(); }
  /// Begins a transaction that reads the state of one moment, while others write. End it with "COMMIT".
  Status begin_reading() { return connection_->begin_reading(); }
  /// False when no transaction is open. A database may end one by itself (disk full, connection lost).
  bool in_transaction() const { return connection_->in_transaction(); }
  /// For tests of how what a command takes grows with what is in the store.
  struct Work {
    std::int64_t statements = 0, steps = 0;  // steps: SQLite only
  };
  Work work() const { return {statements_, connection_->steps()}; }

 private:
  Database(Backend backend, std::unique_ptr<Connection> connection)
      : backend_(backend), connection_(std::move(connection)) {}
  static Value value_of(const Digest& value) { return &value; }
  static Value value_of(std::string_view value) { return value; }
  template <std::integral T>
  static Value value_of(const T& value) {
    return static_cast<std::int64_t>(value);
  }

  Backend backend_;
  std::unique_ptr<Connection> connection_;
  std::int64_t statements_ = 0;
};

/// What `read()` says of the state of one moment, while others write.
template <class Read>
auto read_one_moment(Database& database, Read read) -> decltype(read()) {
  if (database.in_transaction()) return read();
  TRY(database.begin_reading());
  auto result = read();
  const Status ended = database.execute(result ? "COMMIT" : "ROLLBACK");
  if (result && !ended) return std::unexpected<Error>(ended.error());
  return result;
}

}  // namespace chengying::cloud
