#include "cloud/store/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "billing/ledger.h"
#include "billing/price_book.h"
#include "cloud/store/check.h"
#include "cloud/store/schema.h"
#include "cloud/store/store_digest.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

using testing::add_chips;
using testing::add_tenant;
using ::testing::HasSubstr;
using testing::hold_of;
using testing::lease_of;
using testing::Machine;
using testing::nano;
using testing::post_of;

TEST(State, AHoldAndItsPostChargeOnce) {
  Machine machine;
  add_tenant(machine, 10'000);
  ASSERT_TRUE(machine(hold_of("r", 3'000)));
  EXPECT_EQ(machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 3'000);
  const auto posted = machine(post_of("r", 3));
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->record->price.nano(), 3'000);
  EXPECT_EQ(posted->record->sequence, 1);
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), 7'000);
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'operator:revenue'"), 3'000);
  EXPECT_FALSE(machine(post_of("r", 3))) << "charged twice";
}

TEST(State, TheSameRequestIdIsChargedOnceAndAnotherBodyIsAConflict) {
  Machine machine;
  add_tenant(machine, 10'000);
  ASSERT_TRUE(machine(hold_of("r", 3'000)));
  const auto running = machine(hold_of("r", 3'000));
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("still running"));
  ASSERT_TRUE(machine(post_of("r", 3)));
  const auto again = machine(hold_of("r", 3'000));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->record->price.nano(), 3'000);
  EXPECT_EQ(machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 0);
  const auto other = machine(hold_of("r", 3'000, "other"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kConflict);
}

TEST(State, AQuoteIsRedeemedOnce) {
  Machine machine;
  add_tenant(machine, 10'000);
  HoldWork hold = hold_of("r", 1'000);
  hold.quote = "qt_1";
  ASSERT_TRUE(machine(hold));
  HoldWork second = hold_of("s", 1'000);
  second.quote = "qt_1";
  EXPECT_EQ(machine(second).error().code, Code::kConflict);
  PostWork post = post_of("r", 1);
  post.quote = "qt_1";
  ASSERT_TRUE(machine(post));
  EXPECT_EQ(machine(second).error().code, Code::kConflict);
}

TEST(State, HoldsStopAtTheLastNano) {
  Machine machine;
  add_tenant(machine, 10, 5);
  EXPECT_TRUE(machine(hold_of("a", 15)));
  const auto over = machine(hold_of("b", 1));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kPaymentRequired);
  EXPECT_THAT(over.error().message, HasSubstr("needs 0.000000001 and 0.000000000 is available"));
  EXPECT_EQ(machine(SetCreditLine{"tn_a", nano(4)}).error().code, Code::kConflict);
  EXPECT_TRUE(machine(VoidWork{"tn_a", "a"}));
  EXPECT_TRUE(machine(SetCreditLine{"tn_a", nano(4)}));
}

TEST(State, TheDatabaseItselfRefusesAnOverdraft) {
  Machine machine;
  add_tenant(machine, 10);
  EXPECT_FALSE(machine.database().execute("UPDATE accounts SET held = 11 WHERE id = 'tenant:tn_a'"));
  EXPECT_FALSE(machine.database().execute("UPDATE accounts SET balance = -1 WHERE id = 'tenant:tn_a'"));
  EXPECT_FALSE(machine.database().execute("UPDATE accounts SET held = -1 WHERE id = 'tenant:tn_a'"));
}

TEST(State, LedgerRecordsAndJournalRefuseChanges) {
  Machine machine;
  add_tenant(machine, 10'000);
  ASSERT_TRUE(machine(hold_of("r", 3'000)));
  ASSERT_TRUE(machine(post_of("r", 3)));
  for (const char* sql :
       {"UPDATE entries SET amount = 1", "DELETE FROM entries", "UPDATE records SET text = ''",
        "DELETE FROM records", "UPDATE journal SET command = ''", "DELETE FROM journal"}) {
    const auto status = machine.database().execute(sql);
    ASSERT_FALSE(status) << sql;
    EXPECT_THAT(status.error().message, HasSubstr("append-only")) << sql;
  }
}

TEST(State, AmountsThatOverflowAreRefusedAndChangeNothing) {
  Machine machine;
  add_tenant(machine, 10);
  const std::int64_t huge = 9'223'372'036'854'775'807;
  EXPECT_FALSE(machine(Deposit{"tn_a", "", nano(huge)}));
  EXPECT_FALSE(machine(Deposit{"tn_a", "", nano(-1)}));
  EXPECT_FALSE(machine(hold_of("r", huge)));
  EXPECT_FALSE(machine(hold_of("r", -1)));
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), 10);
  EXPECT_TRUE(check_store(machine.database()));
}

TEST(State, DepositsAreIdempotentByTheirRequestId) {
  Machine machine;
  add_tenant(machine, 0);
  ASSERT_TRUE(machine(Deposit{"tn_a", "d", nano(7)}));
  EXPECT_TRUE(machine(Deposit{"tn_a", "d", nano(7)})->repeated);
  EXPECT_EQ(machine(Deposit{"tn_a", "d", nano(8)}).error().code, Code::kConflict);
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), 7);
}

TEST(State, UnansweredRequestsAreVoidedAtStartAndLeasesKeepTheirHold) {
  Machine machine;
  add_tenant(machine, 10'000);
  add_chips(machine, 1);
  ASSERT_TRUE(machine(hold_of("r", 3'000)));
  ASSERT_TRUE(machine(lease_of("ls_1", "", 60, "on_demand")));
  ASSERT_TRUE(machine(VoidUnanswered{}));
  EXPECT_EQ(machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 600);
  EXPECT_FALSE(machine(post_of("r", 3)));
  EXPECT_TRUE(check_store(machine.database()));
}

TEST(State, APriceBookVersionNeverChanges) {
  Machine machine;
  ASSERT_TRUE(machine(OpenBook{1, "USD", "text"}));
  EXPECT_TRUE(machine(OpenBook{1, "USD", "text"}));
  EXPECT_EQ(machine(OpenBook{1, "USD", "other"}).error().code, Code::kConflict);
  EXPECT_TRUE(machine(OpenBook{2, "USD", "other"}));
  EXPECT_EQ(machine(OpenBook{3, "EUR", "other"}).error().code, Code::kConflict);
}

TEST(State, TheSqlLedgerDoesWhatTheLedgerInMemoryDoes) {
  std::mt19937_64 random(3);
  Machine machine;
  add_tenant(machine, 0, 3'000);
  billing::Ledger ledger;
  ASSERT_TRUE(ledger.open_account(billing::kCashAccount, false, Money()));
  ASSERT_TRUE(ledger.open_account(billing::kRevenueAccount, false, Money()));
  ASSERT_TRUE(ledger.open_account("tenant:tn_a", true, nano(3'000)));
  for (int step = 0; step < 3'000; ++step) {
    const std::string request = fmt::format("r{}", step % 50 + step / 1'000 * 50);
    const auto amount = static_cast<std::int64_t>(random() % 5);
    HoldWork hold = hold_of(request, amount * 1'000);
    hold.named = false;
    PostWork post = post_of(request, amount);
    post.named = false;
    switch (random() % 4) {
      case 0:
        ASSERT_EQ(machine(Deposit{"tn_a", "", nano(amount * 300)}).has_value(),
                  ledger.transfer(billing::kCashAccount, "tenant:tn_a", nano(amount * 300)).has_value());
        break;
      case 1:
        if (machine.number(fmt::format("SELECT count(*) FROM holds WHERE id = 'work:tn_a:{}'", request)) > 0)
          break;
        ASSERT_EQ(machine(hold).has_value(),
                  ledger.hold(request, "tenant:tn_a", nano(amount * 1'000)).has_value());
        break;
      case 2: {
        const auto posted = machine(post);
        if (!posted && posted.error().code == Code::kInternal)
          break;  // would charge less than was used: refused
        ASSERT_EQ(posted.has_value(),
                  ledger.post(request, billing::kRevenueAccount, nano(amount * 1'000)).has_value());
        break;
      }
      default:
        ASSERT_EQ(machine(VoidWork{"tn_a", request}).has_value(), ledger.void_hold(request).has_value());
    }
    const billing::Account& account = ledger.accounts().at("tenant:tn_a");
    ASSERT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), account.balance.nano())
        << step;
    ASSERT_EQ(machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), account.held.nano())
        << step;
  }
}

/// Does `damage` to a store behind the triggers' back and expects check_store to say `message`.
void expect_found(const char* damage, const char* message) {
  Machine machine;
  add_tenant(machine, 10'000);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(machine(hold_of(fmt::format("r{}", i), 2'000)));
    ASSERT_TRUE(machine(post_of(fmt::format("r{}", i), 2)));
  }
  ASSERT_TRUE(check_store(machine.database()));
  for (const char* name : {"entries", "records", "journal"}) {
    const bool on = machine.database().backend() == Backend::kPostgres;  // a trigger is its table's there
    ASSERT_TRUE(machine.database().execute(fmt::format("DROP TRIGGER {0}_stay{1}; DROP TRIGGER {0}_keep{1}",
                                                       name, on ? fmt::format(" ON {}", name) : "")));
  }
  ASSERT_TRUE(machine.database().execute(damage)) << damage;
  const auto checked = check_store(machine.database());
  ASSERT_FALSE(checked) << damage;
  EXPECT_EQ(checked.error().code, Code::kDataLoss);
  EXPECT_THAT(checked.error().message, HasSubstr(message));
}

TEST(CheckStore, NamesTheFirstRowThatWasTamperedWith) {
  expect_found("UPDATE journal SET command = replace(command, '72', '71') WHERE sequence = 6",
               "journal row 6 (post_work) was changed");
  expect_found("UPDATE journal SET wall_us = wall_us + 1 WHERE sequence = 3",
               "journal row 3 (hold_work) was changed");
  expect_found("DELETE FROM journal WHERE sequence = 4", "journal row 4 is missing");
  expect_found("UPDATE entries SET amount = amount + 1 WHERE id = 3", "ledger entry 3 was changed");
  expect_found("DELETE FROM entries WHERE id = 8", "ledger entry 8 (of journal row 8) is missing");
  expect_found("INSERT INTO entries(id, journal, account, amount) VALUES(9, 8, 'tenant:tn_a', 5)",
               "ledger entry 9 has no");
  expect_found("UPDATE records SET text = replace(text, '\"cycles\":72', '\"cycles\":71') WHERE sequence = 2",
               "usage record 2 of tn_a (journal row 6) was changed");
  expect_found("DELETE FROM records WHERE sequence = 3", "usage record 3 of tn_a (journal row 8) is missing");
  expect_found("INSERT INTO records SELECT 'tn_b', 1, 0, '', '', '', 1, hash, text FROM records LIMIT 1",
               "there are 4 usage records, the journal wrote 3");
  expect_found("UPDATE accounts SET balance = balance + 1 WHERE id = 'tenant:tn_a'",
               "account tenant:tn_a has 4001");
  expect_found("UPDATE accounts SET held = 1 WHERE id = 'tenant:tn_a'", "account tenant:tn_a has 1 held");
}

TEST(Schema, AStoreOfANewerVersionOrAnotherProgramIsRefused) {
  Machine machine;
  const bool postgres = machine.database().backend() == Backend::kPostgres;
  ASSERT_TRUE(machine.database().execute(postgres ? "UPDATE meta SET value = 99 WHERE name = 'schema_version'"
                                                  : "PRAGMA user_version = 99"));
  const auto newer = prepare_store(machine.database());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::kUnsupported);
  EXPECT_THAT(newer.error().message, HasSubstr("schema version 99"));
  ASSERT_TRUE(machine.database().execute(postgres ? "ALTER TABLE meta RENAME TO other"
                                                  : "PRAGMA application_id = 1"));
  EXPECT_EQ(prepare_store(machine.database()).error().code, Code::kDataLoss);
}

}  // namespace
}  // namespace chengying::cloud
