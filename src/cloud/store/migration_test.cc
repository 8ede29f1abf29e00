// A store of each released version is brought to the present one, and goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/store/check.h"
#include "cloud/store/schema.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

/// A database of version 1 as that version's program left it: a tenant with 10,000 nano-units, a lease that
/// ran 7 s of its 60 and holds 600, and a request that was cut off.
constexpr const char* kStoreOfVersion1 = R"sql(
INSERT INTO tenants(id, name, created_us) VALUES('tn_a', 'a', 1);
INSERT INTO accounts(id, guarded, credit_line, balance, held) VALUES('tenant:tn_a', 1, 0, 0, 0);
UPDATE meta SET value = 12000000 WHERE name = 'monotonic_us';
UPDATE accounts SET held = 601, balance = 10000 WHERE id = 'tenant:tn_a';
UPDATE accounts SET balance = -10000 WHERE id = 'operator:cash';
INSERT INTO holds VALUES('lease:ls_1', 'tenant:tn_a', 600, 1, zeroblob(32), '');
INSERT INTO holds VALUES('work:tn_a:r', 'tenant:tn_a', 1, 0, zeroblob(32), '');
INSERT INTO leases(id, tenant, request, name, offer, chip, cores, term, state, seconds_max, capacity_price, work_price,
  price_book_version, quote, created_us, started_us, held)
  VALUES('ls_1', 'tn_a', '', '', 'o', 'c', 1, 'on_demand', 'active', 60, 36, 0, 1, '', 1, 5000000, 600);
)sql";

Database open_version_1() {
  auto database = Database::open(testing::new_store(":memory:"), false);
  EXPECT_TRUE(database && prepare_store(*database, 1));
  std::string store = kStoreOfVersion1;
  if (database->backend() == Backend::kPostgres) {
    for (std::size_t at = 0; (at = store.find("zeroblob(32)")) != std::string::npos;) {
      store.replace(at, 12, "'\\x00'");
    }
  }
  EXPECT_TRUE(database->execute(store));
  return *std::move(database);
}

TEST(Migration, FromVersion1KeepsMoneyAndLeasesGoOnWithTheTimeThatTheyHad) {
  Database database = open_version_1();
  EXPECT_EQ(*schema_version(database), 1);
  ASSERT_TRUE(prepare_store(database));
  EXPECT_EQ(*schema_version(database), kSchemaVersion);
  EXPECT_EQ(*database.number(0, "SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 601);
  State state(database);
  ASSERT_TRUE(state.reload());
  Now now{20'000'000, 1};
  ASSERT_TRUE(state.apply(VoidUnanswered{}, now));
  ASSERT_TRUE(state.apply(RegisterChip{"c.0", "c", 0, 2}, now));
  EXPECT_EQ(*database.number(0, "SELECT count(*) FROM leases WHERE state = 'granted'"), 1);
  const std::int64_t fence = *database.number(0, "SELECT fence FROM leases");
  ASSERT_TRUE(state.apply(ActivateLease{"ls_1", fence}, now));
  now.monotonic_us += 3'000'000;
  const auto ended = state.apply(EndLease{"ls_1", false, ""}, now);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->record->seconds, 10) << "7 s before, 3 s after";
  EXPECT_EQ(*database.number(0, "SELECT sum(balance) FROM accounts"), 0);
}

TEST(Migration, FromVersion2ACapGoesOnAsACapInAll) {
  auto database = *Database::open(testing::new_store(":memory:"), false);
  ASSERT_TRUE(prepare_store(database, 2));
  ASSERT_TRUE(database.execute(
      "INSERT INTO tenants(id, name, created_us) VALUES('tn_a', 'a', 1);"
      "INSERT INTO accounts(id, guarded, credit_line, balance, held) VALUES('tenant:tn_a', 1, 0, 10000, 0);"
      "INSERT INTO caps(subject, tenant, amount, spent, held, alerts) VALUES('tn_a', 'tn_a', 1000, 900, 0, "
      "'')"));
  ASSERT_TRUE(prepare_store(database));
  EXPECT_EQ(*schema_version(database), kSchemaVersion);
  State state(database);
  ASSERT_TRUE(state.reload());
  const std::int64_t a_year_later = std::int64_t{366} * 86'400 * 1'000'000;
  EXPECT_EQ(state.apply(testing::hold_of("a", 101), {1, a_year_later}).error().code, Code::kPaymentRequired);
  EXPECT_TRUE(state.apply(testing::hold_of("a", 100), {1, a_year_later}));
}

TEST(Migration, ComesToWhatAFreshStoreIs) {
  const auto schema_of = [](Database& database) {
    std::vector<std::string> tables;
    auto rows = database.backend() == Backend::kPostgres
                    ? database.query(
                          "SELECT table_name || ':' || column_name || ':' || data_type FROM "
                          "information_schema.columns WHERE table_schema = current_schema() ORDER BY 1")
                    : database.query("SELECT name || ':' || type FROM sqlite_schema ORDER BY name");
    while (*rows->next()) tables.push_back(rows->text(0));
    return tables;
  };
  Database old = open_version_1();
  ASSERT_TRUE(prepare_store(old));
  testing::Machine fresh;
  EXPECT_EQ(schema_of(old), schema_of(fresh.database()));
}

TEST(Migration, IsForwardOnly) {
  testing::Machine machine;
  EXPECT_EQ(prepare_store(machine.database(), 1).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace chengying::cloud
