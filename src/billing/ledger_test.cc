#include "billing/ledger.h"

#include <gtest/gtest.h>

#include <random>

namespace chengying::billing {
namespace {

std::int64_t sum_of(const Ledger& ledger) {
  std::int64_t sum = 0;
  for (const auto& [id, account] : ledger.accounts()) sum += account.balance.nano();
  return sum;
}

Ledger with_tenant(std::int64_t balance, std::int64_t credit_line = 0) {
  Ledger ledger;
  EXPECT_TRUE(ledger.open_account(kCashAccount, false, Money()));
  EXPECT_TRUE(ledger.open_account(kRevenueAccount, false, Money()));
  EXPECT_TRUE(ledger.open_account("tenant:a", true, Money::nano(credit_line)));
  if (balance > 0) {
    EXPECT_TRUE(ledger.transfer(kCashAccount, "tenant:a", Money::nano(balance)));
  }
  return ledger;
}

TEST(Ledger, AChargeIsTheLesserOfActualAndHold) {
  Ledger ledger = with_tenant(100);
  ASSERT_TRUE(ledger.hold("h", "tenant:a", Money::nano(60)));
  EXPECT_EQ(ledger.post("h", kRevenueAccount, Money::nano(70))->nano(), 60);
  EXPECT_EQ(ledger.accounts().at("tenant:a").balance.nano(), 40);
  EXPECT_EQ(ledger.accounts().at("tenant:a").held.nano(), 0);
  EXPECT_FALSE(ledger.post("h", kRevenueAccount, Money::nano(1))) << "posted twice";
}

TEST(Ledger, HoldsStopAtTheLastNano) {
  Ledger ledger = with_tenant(10, 5);
  EXPECT_TRUE(ledger.hold("a", "tenant:a", Money::nano(15)));
  const auto over = ledger.hold("b", "tenant:a", Money::nano(1));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kPaymentRequired);
  EXPECT_FALSE(ledger.set_credit_line("tenant:a", Money::nano(4)));
  EXPECT_TRUE(ledger.void_hold("a"));
  EXPECT_TRUE(ledger.set_credit_line("tenant:a", Money::nano(4)));
}

TEST(Ledger, RandomCommandsConserveMoneyAndNeverOvershoot) {
  std::mt19937_64 random(1);
  Ledger ledger = with_tenant(0, 50);
  ASSERT_TRUE(ledger.open_account("tenant:b", true, Money()));
  const std::string accounts[] = {"tenant:a", "tenant:b"};
  std::vector<std::string> holds;
  for (int step = 0; step < 20'000; ++step) {
    const std::string& account = accounts[random() % 2];
    const Money amount = Money::nano(static_cast<std::int64_t>(random() % 200) - 20);
    const std::size_t pick = holds.empty() ? 0 : random() % holds.size();
    switch (random() % 5) {
      case 0:
        (void)ledger.transfer(kCashAccount, account, amount);
        break;
      case 1:
        (void)ledger.transfer(account, kRevenueAccount, amount);
        break;
      case 2: {
        const std::string id = fmt::format("h{}", step);
        if (ledger.hold(id, account, amount)) holds.push_back(id);
        break;
      }
      default:
        if (holds.empty()) break;
        if (random() % 2 == 0) {
          (void)ledger.void_hold(holds[pick]);
        } else if (!ledger.post(holds[pick], kRevenueAccount, amount)) {
          break;
        }
        holds.erase(holds.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    ASSERT_EQ(sum_of(ledger), 0);
    ASSERT_EQ(ledger.holds(), holds.size());
    for (const auto& [id, each] : ledger.accounts()) {
      ASSERT_GE(each.held.nano(), 0);
      if (each.guarded) {
        ASSERT_GE(available(each)->nano(), 0) << id << " at step " << step;
      }
    }
  }
  std::int64_t entries = 0;
  for (const Entry& entry : ledger.entries()) entries += entry.amount.nano();
  EXPECT_EQ(entries, 0);
}

TEST(Ledger, RefusesNonsense) {
  Ledger ledger = with_tenant(10);
  EXPECT_FALSE(ledger.transfer("tenant:a", "tenant:a", Money::nano(1)));
  EXPECT_FALSE(ledger.transfer("tenant:a", kRevenueAccount, Money()));
  EXPECT_FALSE(ledger.transfer("tenant:a", kRevenueAccount, Money::nano(-1)));
  EXPECT_FALSE(ledger.transfer("tenant:x", kRevenueAccount, Money::nano(1)));
  EXPECT_FALSE(ledger.hold("h", "tenant:a", Money::nano(-1)));
  EXPECT_FALSE(ledger.void_hold("h"));
  EXPECT_FALSE(ledger.open_account("tenant:a", true, Money()));
  EXPECT_FALSE(ledger.open_account("tenant:c", true, Money::nano(-1)));
  EXPECT_EQ(sum_of(ledger), 0);
}

}  // namespace
}  // namespace chengying::billing
