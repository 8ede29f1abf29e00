#include "cloud/store/postgres.h"

#include <libpq-fe.h>

#include <charconv>
#include <vector>

#include "cloud/store/postgres_text.h"

namespace chengying::cloud {

namespace {
constexpr Oid kBytes = 17;  // BYTEA
constexpr int kRowsAtOnce = 2000;
constexpr const char* kSetUp =
    "SET synchronous_commit = on; SET client_min_messages = warning; SET bytea_output = hex;"
    "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '10s';";

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Rows = std::unique_ptr<PGresult, Clear>;

std::unexpected<Error> failure(const PGconn* connection, const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string said = reason_in(primary != nullptr ? primary : PQerrorMessage(connection));
  const std::string_view sqlstate = state == nullptr ? "" : state;
  const Code code = code_of_sqlstate(sqlstate);
  if (sqlstate == "53100") {
    return fail(code, "the store is full: free some space on its disk; nothing was lost, try again then");
  }
  if (code == Code::kUnavailable) {
    return fail(code, "the store can't be reached or written ({}); nothing was lost, try again", said);
  }
  return fail(code, "store: {}", said);
}

bool fine(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/// Rows that are all here.
class RowsCursor final : public Cursor {
 public:
  explicit RowsCursor(Rows rows) : rows_(std::move(rows)) {}
  Result<bool> next() override { return ++row_ < PQntuples(rows_.get()); }
  std::int64_t integer(int column) const override {
    const std::string_view value = raw(column);
    if (value == "t") return 1;  // SQLite has no truth values of its own
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
  }
  std::string text(int column) const override {
    return PQftype(rows_.get(), column) == kBytes ? bytes_of_hex(raw(column)) : std::string(raw(column));
  }

 private:
  std::string_view raw(int column) const {
    const auto size = static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column));
    return {PQgetvalue(rows_.get(), row_, column), size};
  }

  Rows rows_;
  int row_ = -1;
};

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(std::string url, bool read_only) : url_(std::move(url)), read_only_(read_only) {}

  Status connect() {
    statements_.clear();
    const char* keys[] = {"dbname", "connect_timeout", "client_encoding", "fallback_application_name",
                          nullptr};
    const char* values[] = {url_.c_str(), "5", "UTF8", "chengying", nullptr};
    connection_.reset(PQconnectdbParams(keys, values, 1));
    if (lost()) return failure(connection_.get(), nullptr);
    TRY(execute(kSetUp));
    return read_only_ ? execute("SET default_transaction_read_only = on") : Status();
  }

  Status execute(const std::string& sql) override {
    const Rows rows(PQexec(connection_.get(), sql.c_str()));
    return taken(sql, rows.get());
  }

  Result<std::unique_ptr<Cursor>> start(std::string_view sql, std::span<const Value> values) override {
    const bool alone = read_only_ && !in_transaction();
    if (alone && lost()) TRY(connect());
    auto cursor = start_once(sql, values);
    if (cursor || !alone || !lost()) return cursor;
    TRY(connect());
    return start_once(sql, values);
  }

  Result<std::unique_ptr<Cursor>> scan(const std::string& sql) override;

  Status begin_writing() override {
    TRY(begin("BEGIN ISOLATION LEVEL READ COMMITTED"));
    auto locked = start("SELECT value FROM meta WHERE name = 'monotonic_us' FOR UPDATE", {});
    if (locked) return {};
    (void)execute("ROLLBACK");
    return std::unexpected<Error>(std::move(locked).error());
  }
  Status begin_reading() override { return begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
  bool in_transaction() const override {
    const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
  }
  std::int64_t changes() const override { return changes_; }

 private:
  bool lost() const { return PQstatus(connection_.get()) != CONNECTION_OK; }

  /// Nothing was done yet, so a connection that is found lost only now is made again.
  Status begin(const std::string& sql) {
    if (lost()) TRY(connect());
    const Status begun = execute(sql);
    if (begun || !lost()) return begun;
    TRY(connect());
    return execute(sql);
  }

  Status taken(std::string_view sql, const PGresult* rows) const {
    if (!fine(rows)) return failure(connection_.get(), rows);
    // The server answers COMMIT of a transaction that failed with success, and rolls it back.
    if (sql.starts_with("COMMIT") &&
        std::string_view(PQcmdStatus(const_cast<PGresult*>(rows))) == "ROLLBACK") {
      return fail(Code::kUnavailable, "the store gave the transaction up; nothing was lost, try again");
    }
    return {};
  }

  Result<std::unique_ptr<Cursor>> start_once(std::string_view sql, std::span<const Value> values) {
    TRY_ASSIGN(const std::string name, prepared(sql));
    std::vector<std::string> texts;
    texts.reserve(values.size());
    for (const Value& value : values) {
      texts.push_back(std::visit([](const auto& each) { return text_of(each); }, value));
      if (texts.back().find('\0') != std::string::npos) {
        return fail(Code::kInvalidArgument, "a text has a byte 0 at {}: the store takes none",
                    texts.back().find('\0'));
      }
    }
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    Rows rows(PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(pointers.size()),
                             pointers.data(), nullptr, nullptr, 0));
    TRY(taken(sql, rows.get()));
    changes_ = 0;
    const std::string_view changed = PQcmdTuples(rows.get());
    std::from_chars(changed.data(), changed.data() + changed.size(), changes_);
    return std::make_unique<RowsCursor>(std::move(rows));
  }

  static std::string text_of(std::int64_t value) { return std::to_string(value); }
  static std::string text_of(std::string_view value) { return std::string(value); }
  static std::string text_of(const Digest* value) { return "\\x" + value->hex(); }

  /// The name that a statement is prepared under on this connection.
  Result<std::string> prepared(std::string_view sql) {
    const auto it = statements_.find(sql);
    if (it != statements_.end()) return it->second;
    std::string name = fmt::format("s{}", statements_.size());
    const Rows rows(PQprepare(connection_.get(), name.c_str(), numbered_parameters(sql).c_str(), 0, nullptr));
    if (!fine(rows.get())) return failure(connection_.get(), rows.get());
    statements_.emplace(sql, name);
    return name;
  }

  const std::string url_;
  const bool read_only_;
  std::unique_ptr<PGconn, Clear> connection_;
  ByText<std::string> statements_;
  std::int64_t changes_ = 0;
  int scans_ = 0;
};

/// Rows that come a part at a time.
class ScanCursor final : public Cursor {
 public:
  ScanCursor(Connection& connection, std::string name)
      : connection_(connection),
        name_(std::move(name)),
        fetch_(fmt::format("FETCH {} FROM {}", kRowsAtOnce, name_)) {}
  ScanCursor(const ScanCursor&) = delete;
  ScanCursor& operator=(const ScanCursor&) = delete;
  ~ScanCursor() override {
    rows_.reset();
    (void)connection_.execute("CLOSE " + name_);  // it ends with its transaction if not before
  }
  Result<bool> next() override {
    if (rows_ != nullptr) {
      TRY_ASSIGN(const bool any, rows_->next());
      if (any) return true;
    }
    TRY_ASSIGN(rows_, connection_.start(fetch_, {}));
    return rows_->next();
  }
  std::int64_t integer(int column) const override { return rows_->integer(column); }
  std::string text(int column) const override { return rows_->text(column); }

 private:
  Connection& connection_;
  const std::string name_, fetch_;
  std::unique_ptr<Cursor> rows_;
};

Result<std::unique_ptr<Cursor>> PostgresConnection::scan(const std::string& sql) {
  const std::string name = fmt::format("scan{}", ++scans_);
  TRY(execute(fmt::format("DECLARE {} NO SCROLL CURSOR FOR {}", name, sql)));
  return std::make_unique<ScanCursor>(*this, name);
}
}  // namespace

Result<std::unique_ptr<Connection>> open_postgres(const std::string& url, bool read_only) {
  auto connection = std::make_unique<PostgresConnection>(url, read_only);
  TRY(connection->connect());
  return connection;
}

}  // namespace chengying::cloud
