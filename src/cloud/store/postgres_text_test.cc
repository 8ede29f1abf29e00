#include "cloud/store/postgres_text.h"

#include <gtest/gtest.h>

namespace chengying::cloud {
namespace {

TEST(PostgresText, ParametersAreNumberedInOrderOrAsTheySay) {
  EXPECT_EQ(numbered_parameters("a = ? AND b = ?"), "a = $1 AND b = $2");
  EXPECT_EQ(numbered_parameters("a = ?2 AND b = ?1 OR ?12"), "a = $2 AND b = $1 OR $12");
  EXPECT_EQ(numbered_parameters("'what?' || ?1 || 'it''s ?'"), "'what?' || $1 || 'it''s ?'");
}

TEST(PostgresText, ASchemaOfSqliteBecomesOneOfPostgres) {
  EXPECT_EQ(
      schema_in_postgres("CREATE TABLE a(id TEXT PRIMARY KEY, n INTEGER, b BLOB) STRICT, WITHOUT ROWID;"),
      "CREATE TABLE a(id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT, b BYTEA);");
  EXPECT_EQ(schema_in_postgres("CREATE TRIGGER t BEFORE UPDATE ON a BEGIN SELECT RAISE(ABORT, 'no'); END;"),
            "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION refuse('no');");
}

TEST(PostgresText, BytesComeBackFromHexadecimal) {
  std::string bytes, hex = "\\x";
  for (int value = 0; value < 256; ++value) {
    bytes += static_cast<char>(value);
    hex += fmt::format("{:02x}", value);
  }
  EXPECT_EQ(bytes_of_hex(hex), bytes);
  EXPECT_EQ(bytes_of_hex("\\x0aff"), "\n\xff");
}

TEST(PostgresText, AReasonDoesNotTellWhereTheServerIs) {
  EXPECT_EQ(reason_in("connection to server on socket \"/run/a/.s.PGSQL.5432\" failed: FATAL:  the database "
                      "system is starting up\n"),
            "the database system is starting up");
  EXPECT_EQ(
      reason_in("connection to server at \"db.a\" (10.0.0.7), port 5432 failed: Connection refused\n\tIs "
                "the server running on that host and accepting TCP/IP connections?\n"),
      "Connection refused");
  EXPECT_EQ(reason_in("server closed the connection unexpectedly\n\tThis probably means"),
            "server closed the connection unexpectedly");
  EXPECT_EQ(reason_in("no connection to the server"), "no connection to the server");
}

TEST(PostgresText, FaultsAreSortedByWhatTheCallerCanDo) {
  EXPECT_EQ(code_of_sqlstate("23514"), Code::kConflict);
  EXPECT_EQ(code_of_sqlstate("53100"), Code::kUnavailable);
  EXPECT_EQ(code_of_sqlstate("40001"), Code::kUnavailable);
  EXPECT_EQ(code_of_sqlstate(""), Code::kUnavailable);
  EXPECT_EQ(code_of_sqlstate("22021"), Code::kInvalidArgument);
  EXPECT_EQ(code_of_sqlstate("XX001"), Code::kDataLoss);
  EXPECT_EQ(code_of_sqlstate("42601"), Code::kInternal);
}

}  // namespace
}  // namespace chengying::cloud
