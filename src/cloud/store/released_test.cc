// A store that the program of each released schema version left (tests/golden/store_N.sql: every command that
// it had, a lease that runs, a request that was cut off) is brought to the present one and goes on; each row
// of its journal is read, written and done again by today's program as it was by that one; its invoices are
// verified.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "billing/invoice.h"
#include "cloud/store/check.h"
#include "cloud/store/store_digest.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

/// A dump's statements that a PostgreSQL store takes over the tables that prepare_store made: its rows.
std::string rows_for_postgres(std::string_view dump) {
  std::string out = "DELETE FROM accounts; DELETE FROM meta WHERE name = 'monotonic_us';\n";
  while (!dump.empty()) {
    const std::size_t end = std::min(dump.find(";\n"), dump.size() - 2) + 2;
    if (dump.starts_with("INSERT INTO")) out += dump.substr(0, end);
    dump.remove_prefix(end);
  }
  for (std::size_t at = 0; (at = out.find(", X'", at)) != std::string::npos;) out.replace(at, 4, ", '\\x");
  return out;
}

class Released : public ::testing::TestWithParam<std::int64_t> {
 protected:
  static Database open() {
    const auto dump = read_text_file(
        fmt::format("{}/tests/golden/store_{}.sql", CHENGYING_SOURCE_DIR, GetParam()), 1 << 20);
    EXPECT_TRUE(dump) << dump.error().message;
    auto database = Database::open(testing::new_store(":memory:"), false);
    const bool shared = database->shared();
    if (shared) {
      EXPECT_TRUE(prepare_store(*database, GetParam()));
    }
    const Status filled = database->execute(shared ? rows_for_postgres(*dump) : *dump);
    EXPECT_TRUE(filled) << filled.error().message;
    EXPECT_EQ(*schema_version(*database), GetParam());
    return *std::move(database);
  }
  static Database open_and_migrate() {
    Database database = open();
    const Status done = prepare_store(database);
    EXPECT_TRUE(done) << done.error().message;
    return database;
  }
  static std::vector<std::string> rows_of(Database& database, std::string_view sql) {
    std::vector<std::string> rows;
    auto query = database.query(sql);
    while (*query->next()) rows.push_back(query->text(0));
    return rows;
  }
};

constexpr std::string_view kAccounts = "SELECT id || ' ' || balance || ' ' || held FROM accounts ORDER BY id";

TEST_P(Released, IsBroughtForwardAndGoesOn) {
  Database database = open();
  const auto before = rows_of(database, kAccounts);
  ASSERT_TRUE(prepare_store(database));
  EXPECT_EQ(rows_of(database, kAccounts), before) << "a migration moves no money";
  const auto sums = check_store(database);
  ASSERT_TRUE(sums) << sums.error().message;
  EXPECT_GT(sums->journal_rows, 35);
  EXPECT_GT(sums->records, 4);

  State state(database);
  ASSERT_TRUE(state.reload());
  Now now{*database.number(0, "SELECT value FROM meta WHERE name = 'monotonic_us'"), 1'796'000'000'000'000};
  const auto must = [&](const Command& command) {
    now.monotonic_us += 1'000'000;
    const auto done = state.apply(command, now);
    EXPECT_TRUE(done) << name_of(command) << ": " << done.error().message;
    return done.value_or(Effects());
  };
  must(VoidUnanswered{GetParam() < 3 ? "" : "a"});
  EXPECT_EQ(*database.number(-1, "SELECT count(*) FROM holds WHERE lease = 0"), 0);
  EXPECT_EQ(*database.number(-1, "SELECT count(*) FROM holds WHERE id = 'lease:ls_4'"), 1);
  if (GetParam() == 1) {  // it knew no chips: what ran gets its cores first
    must(RegisterChip{"c.0", "c", 0, 1});
    must(ActivateLease{"ls_4", *database.number(0, "SELECT fence FROM leases WHERE id = 'ls_4'")});
  }
  EXPECT_TRUE(must(Deposit{"tn_a", "d1", testing::nano(40'000'000)}).repeated) << "its requests are known";
  must(testing::hold_of("new", 5'000));
  must(testing::post_of("new", 5));
  const auto ended = must(EndLease{"ls_4", false, ""});
  ASSERT_TRUE(ended.record);
  EXPECT_GE(ended.record->seconds, 7) << "what it ran before is billed too";
  const auto after = check_store(database);
  EXPECT_TRUE(after) << after.error().message;
}

/// What version 1 did not say, since it knew no chips, quotas and fences: as if it had asked for what is.
Command completed(Command command, Database& database) {
  const auto fence_of = [&](const std::string& lease) {
    return *database.number(0, "SELECT fence FROM leases WHERE id = ?", lease);
  };
  if (auto* request = std::get_if<RequestLease>(&command)) request->cores_most = request->leases_most = 8;
  if (auto* activate = std::get_if<ActivateLease>(&command)) activate->fence = fence_of(activate->id);
  if (auto* post = std::get_if<PostWork>(&command); post != nullptr && !post->lease.empty()) {
    post->fence = fence_of(post->lease);
  }
  return command;
}

TEST_P(Released, EachRowOfItsJournalIsDoneAgainAsItWas) {
  Database old = open_and_migrate();
  testing::Machine today;
  if (GetParam() == 1) {
    ASSERT_TRUE(
        today.database().run("INSERT INTO chips(id, chip, position, cores, state) "
                             "VALUES('c.0', 'c', 0, 8, 'up')"));
  }
  auto journal =
      *old.query("SELECT kind, command, effects, monotonic_us, wall_us, hash FROM journal ORDER BY sequence");
  while (*journal.next()) {
    const std::string where = journal.text(0) + " " + journal.text(1);
    auto command = parse_command(journal.text(0), journal.text(1));
    ASSERT_TRUE(command) << where << ": " << command.error().message;
    EXPECT_EQ(to_text(*command), journal.text(1));
    today.now = {journal.integer(3), journal.integer(4)};
    const auto done = today(GetParam() == 1 ? completed(*command, today.database()) : *command);
    ASSERT_TRUE(done) << where << ": " << done.error().message;
    EXPECT_EQ(today.text("SELECT effects FROM journal ORDER BY sequence DESC LIMIT 1"), journal.text(2))
        << where;
    if (GetParam() > 1) {
      auto head = *today.database().query("SELECT hash FROM journal ORDER BY sequence DESC LIMIT 1");
      ASSERT_TRUE(*head.next());
      EXPECT_EQ(head.digest(0).hex(), journal.digest(5).hex()) << where;
    }
  }
  EXPECT_EQ(rows_of(today.database(), kAccounts), rows_of(old, kAccounts));
  constexpr std::string_view kRecords = "SELECT text FROM records ORDER BY tenant, sequence";
  EXPECT_EQ(rows_of(today.database(), kRecords), rows_of(old, kRecords));
  if (GetParam() > 1) {
    EXPECT_EQ(digest_of_store(today.database())->hex(), digest_of_store(old)->hex());
  }
}

TEST_P(Released, ItsInvoicesAreVerified) {
  Database database = open_and_migrate();
  auto invoices = *database.query("SELECT json, first_sequence, last_sequence FROM invoices ORDER BY id");
  int count = 0;
  for (; *invoices.next(); ++count) {
    std::string records;
    auto rows = *database.query(
        "SELECT text FROM records WHERE tenant = 'tn_a' AND sequence BETWEEN ? AND ? ORDER BY sequence",
        invoices.integer(1), invoices.integer(2));
    while (*rows.next()) records += rows.text(0) + "\n";
    const auto verified = billing::verify_invoice(invoices.text(0), records,
                                                  rows_of(database, "SELECT text FROM price_books").front());
    EXPECT_TRUE(verified) << verified.error().message;
  }
  EXPECT_EQ(count, 2);
}

/// A schema that was released and has no store here fails for want of its file.
INSTANTIATE_TEST_SUITE_P(AllVersions, Released, ::testing::Range<std::int64_t>(1, kSchemaVersion),
                         [](const auto& version) { return "Version" + std::to_string(version.param); });

}  // namespace
}  // namespace chengying::cloud
