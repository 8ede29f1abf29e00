#include "cloud/store/schema.h"

#include <iterator>
#include <string>

#include "cloud/store/postgres_text.h"

namespace chengying::cloud {

namespace {
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE journal(
  sequence INTEGER PRIMARY KEY,
  monotonic_us INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  command TEXT NOT NULL,
  effects TEXT NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;

CREATE TABLE accounts(
  id TEXT PRIMARY KEY,
  guarded INTEGER NOT NULL,
  balance INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0 CHECK(held >= 0),
  credit_line INTEGER NOT NULL CHECK(credit_line >= 0),
  charged INTEGER NOT NULL DEFAULT 0,
  CHECK(guarded = 0 OR balance + credit_line - held >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE entries(
  id INTEGER PRIMARY KEY,
  journal INTEGER NOT NULL,
  account TEXT NOT NULL REFERENCES accounts(id),
  amount INTEGER NOT NULL CHECK(amount <> 0)) STRICT;
CREATE TABLE holds(
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount >= 0),
  lease INTEGER NOT NULL,
  body BLOB NOT NULL,
  quote TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX holds_quote ON holds(quote) WHERE quote <> '';

CREATE TABLE records(
  tenant TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  lease TEXT NOT NULL,
  quote TEXT NOT NULL,
  journal INTEGER NOT NULL,
  hash BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(tenant, sequence)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX records_quote ON records(quote) WHERE quote <> '';

-- Requests that a tenant gave an id of its own: the same id and body again has the same result.
CREATE TABLE requests(
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  body BLOB NOT NULL,
  result TEXT NOT NULL,
  PRIMARY KEY(tenant, kind, request)) STRICT, WITHOUT ROWID;

CREATE TABLE price_books(
  version INTEGER PRIMARY KEY,
  currency TEXT NOT NULL,
  text TEXT NOT NULL) STRICT;
CREATE TABLE tenants(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL,
  invoices INTEGER NOT NULL DEFAULT 0,
  invoiced_sequence INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE keys(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE models(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  signature TEXT NOT NULL,
  metadata TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;
CREATE TABLE leases(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  request TEXT NOT NULL,
  name TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  term TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  seconds_max INTEGER NOT NULL,
  capacity_price INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  quote TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  started_us INTEGER NOT NULL DEFAULT -1,
  stopped_us INTEGER NOT NULL DEFAULT -1,
  ended_us INTEGER NOT NULL DEFAULT -1,
  seconds_used INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL,
  charged INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE INDEX leases_tenant ON leases(tenant);
CREATE TABLE endpoints(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  lease TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  batches TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  labels TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  sequence INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  wall_us INTEGER NOT NULL,
  what TEXT NOT NULL) STRICT;
CREATE INDEX events_subject ON events(subject);
CREATE TABLE invoices(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  records INTEGER NOT NULL,
  total_micro INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;

CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER records_stay BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER records_keep BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER journal_stay BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keep BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER invoices_stay BEFORE UPDATE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER invoices_keep BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER books_stay BEFORE UPDATE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;
CREATE TRIGGER books_keep BEFORE DELETE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;

INSERT INTO accounts(id, guarded, credit_line)
  VALUES('operator:cash', 0, 0), ('operator:revenue', 0, 0), ('operator:rounding', 0, 0);
INSERT INTO meta(name, value) VALUES('monotonic_us', 0);
)sql";

constexpr const char* kVersion2 = R"sql(
-- Who spends: projects of a tenant, and caps on what a tenant, a project or a key may spend from when the cap was set.
CREATE TABLE projects(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
CREATE TABLE caps(
  subject TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  amount INTEGER NOT NULL CHECK(amount >= 0),
  spent INTEGER NOT NULL CHECK(spent >= 0),
  held INTEGER NOT NULL CHECK(held >= 0),
  alerts TEXT NOT NULL,
  alerted INTEGER NOT NULL DEFAULT 0,
  CHECK(spent + held <= amount)) STRICT, WITHOUT ROWID;
CREATE TABLE quotas(
  tenant TEXT PRIMARY KEY REFERENCES tenants(id),
  cores INTEGER NOT NULL,
  leases INTEGER NOT NULL,
  endpoints INTEGER NOT NULL,
  models INTEGER NOT NULL,
  model_bytes INTEGER NOT NULL,
  requests_per_second INTEGER NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE tenants ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK(weight BETWEEN 1 AND 1000);
ALTER TABLE keys ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
CREATE INDEX events_tenant ON events(tenant, sequence) WHERE tenant <> '';
CREATE INDEX records_time ON records(tenant, wall_us);
CREATE TABLE book_signatures(version INTEGER PRIMARY KEY REFERENCES price_books(version), signature TEXT NOT NULL) STRICT;

-- What is rented: chips, and which lease has which cores of them. The database itself gives no core twice.
CREATE TABLE chips(
  id TEXT PRIMARY KEY,
  chip TEXT NOT NULL,
  position INTEGER NOT NULL,
  cores INTEGER NOT NULL CHECK(cores > 0),
  used INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  CHECK(used >= 0 AND used <= cores)) STRICT, WITHOUT ROWID;
CREATE TABLE places(
  lease TEXT NOT NULL,  -- a lease, or "pool:" and a shared offer
  chip TEXT NOT NULL REFERENCES chips(id),
  cores INTEGER NOT NULL,
  PRIMARY KEY(lease, chip)) STRICT, WITHOUT ROWID;
CREATE INDEX places_chip ON places(chip);
ALTER TABLE leases ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE leases ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE leases ADD COLUMN chips INTEGER NOT NULL DEFAULT 1;
ALTER TABLE leases ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN requested_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN wait_until_us INTEGER NOT NULL DEFAULT -1;
ALTER TABLE leases ADD COLUMN committed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN ran_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN billed_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN notice_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN taken_back_us INTEGER NOT NULL DEFAULT -1;
CREATE INDEX leases_open ON leases(state) WHERE state NOT IN ('ended', 'failed');
CREATE INDEX leases_state ON leases(state, chip);
CREATE INDEX leases_tenant_state ON leases(tenant, state);
CREATE UNIQUE INDEX leases_quote ON leases(quote) WHERE quote <> '';
-- Leases of version 1 knew no chips: they are granted anew at the start, before all others, with the time that they had.
UPDATE leases SET ran_us = max(0, (SELECT value FROM meta WHERE name = 'monotonic_us') - started_us)
  WHERE state = 'active';
UPDATE leases SET ran_us = max(0, stopped_us - started_us) WHERE state = 'draining';
UPDATE leases SET state = 'queued', started_us = -1, moved = 1, wait_until_us = 9223372036854775807
  WHERE state IN ('requested', 'active');
)sql";

constexpr const char* kVersion3 = R"sql(
-- Whose requests are held: several control processes may share one store.
ALTER TABLE holds ADD COLUMN process TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* kVersion4 = R"sql(
-- Caps that count anew in each calendar month.
ALTER TABLE caps ADD COLUMN per TEXT NOT NULL DEFAULT '';
ALTER TABLE caps ADD COLUMN period INTEGER NOT NULL DEFAULT 0;
)sql";

/// Step i brings version i to i + 1. A step that a release had never changes.
constexpr const char* kSteps[] = {kVersion1, kVersion2, kVersion3, kVersion4};
static_assert(std::size(kSteps) == kSchemaVersion);

constexpr std::int64_t kApplicationId = 0x43594e47;  // "CYNG"

/// What the two databases say differently.
struct Dialect {
  const char* set_up;       // of a writing connection
  const char* begin;        // of the transaction that makes the schema: one process at a time
  const char* tables;       // counts what is in the database
  const char* application;  // is it ours? kApplicationId
  const char* version;
  const char* set_version;  // with {}: the version
};
const Dialect kSqlite = {
    .set_up =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-16384;",
    .begin = "BEGIN IMMEDIATE",
    .tables = "SELECT count(*) FROM sqlite_schema",
    .application = "PRAGMA application_id",
    .version = "PRAGMA user_version",
    .set_version = "PRAGMA application_id=1129926215; PRAGMA user_version={}; COMMIT;",
};
const Dialect kPostgres = {
    .set_up = "",
    .begin = "BEGIN; SELECT pg_advisory_xact_lock(1129926215)",
    .tables =
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    .application =
        "SELECT CASE WHEN to_regclass(current_schema() || '.meta') IS NULL THEN 0 ELSE 1129926215 END",
    .version = "SELECT value FROM meta WHERE name = 'schema_version'",
    .set_version =
        "INSERT INTO meta(name, value) VALUES('schema_version', {0}) ON CONFLICT(name) DO UPDATE SET value = "
        "{0};"
        "COMMIT;",
};
static_assert(kApplicationId == 1129926215);

const Dialect& dialect_of(const Database& database) {
  return database.backend() == Backend::kPostgres ? kPostgres : kSqlite;
}

std::string steps_of(Backend backend, std::int64_t from, std::int64_t to) {
  std::string steps;
  if (backend == Backend::kPostgres && from == 0) steps = kPostgresPrelude;
  for (std::int64_t i = from; i < to; ++i) {
    steps += backend == Backend::kPostgres ? schema_in_postgres(kSteps[i]) : kSteps[i];
  }
  return steps;
}
}  // namespace

Result<std::int64_t> schema_version(Database& database) {
  const Dialect& dialect = dialect_of(database);
  TRY_ASSIGN(const std::int64_t tables, database.number(0, dialect.tables));
  if (tables == 0) return 0;
  TRY_ASSIGN(const std::int64_t application, database.number(0, dialect.application));
  if (application != kApplicationId) {
    return fail(Code::kDataLoss, "the store is a database of another program (application id {:#x})",
                application);
  }
  return database.number(0, dialect.version);
}

namespace {
Status migrate(Database& database, std::int64_t target) {
  TRY_ASSIGN(const std::int64_t version, schema_version(database));
  if (version > target) {
    return fail(Code::kUnsupported,
                "the store has schema version {}, this program knows versions up to {}: use a newer "
                "program",
                version, target);
  }
  if (version == target) return database.execute("ROLLBACK");
  TRY(database.execute(steps_of(database.backend(), version, target)));
  return database.execute(fmt::format(fmt::runtime(dialect_of(database).set_version), target));
}
}  // namespace

Status prepare_store(Database& database, std::int64_t target) {
  TRY(database.execute(dialect_of(database).set_up));
  TRY(database.execute(dialect_of(database).begin));
  const Status done = migrate(database, target);
  if (!done && database.in_transaction()) (void)database.execute("ROLLBACK");
  return done;
}

}  // namespace chengying::cloud
