#include "cloud/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "cloud/store/check.h"
#include "cloud/store/postgres_for_test.h"

namespace chengying::cloud {
namespace {

using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("chengying_store_{}", random_hex(6));
    std::filesystem::create_directories(folder_);
    where_ = testing::new_store(folder_ / "store.sqlite");
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Store& open() {
    store_.reset();
    auto store = Store::open(where_, clock_, 10'000);
    EXPECT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    return *store_;
  }
  std::int64_t number(const char* sql) {
    return *store_->read([&](Database& database) { return database.number(-1, sql); });
  }

  SystemClock clock_;
  std::filesystem::path folder_;
  std::string where_;
  std::unique_ptr<Store> store_;
};

HoldWork hold_of(std::string request, std::int64_t amount) {
  return {"tn_a", std::move(request), false, Digest{}, Money::nano(amount), "", "", ""};
}

TEST_F(StoreTest, WhatWasAnsweredIsThereAfterARestart) {
  ASSERT_TRUE(open().apply(CreateTenant{"tn_a", "a", Money()}));
  ASSERT_TRUE(store_->apply(Deposit{"tn_a", "", Money::nano(7)}));
  const std::int64_t before = store_->now().monotonic_us;
  open();
  EXPECT_EQ(number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), 7);
  EXPECT_GE(store_->now().monotonic_us, before - 1'000'000) << "the service's time line goes on";
}

TEST_F(StoreTest, ConcurrentHoldsStopAtTheLastNano) {
  ASSERT_TRUE(open().apply(CreateTenant{"tn_a", "a", Money::nano(37)}));
  ASSERT_TRUE(store_->apply(Deposit{"tn_a", "", Money::nano(1'000)}));
  std::atomic<int> granted = 0, answered = 0;
  std::vector<std::thread> threads;
  constexpr int kThreads = 4, kEach = 500;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        ASSERT_TRUE(
            store_->submit_early(hold_of(fmt::format("{}.{}", t, i), 2), [&](Result<Effects> effects) {
              granted += effects ? 1 : 0;
              ++answered;
            }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(store_->apply(Barrier{}));
  EXPECT_EQ(answered, kThreads * kEach);
  EXPECT_EQ(granted, 1'037 / 2);
  EXPECT_EQ(number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 1'036);
}

TEST_F(StoreTest, ManyCommandsShareACommit) {
  ASSERT_TRUE(open().apply(CreateTenant{"tn_a", "a", Money()}));
  const auto before = store_->counters();
  std::atomic<int> answered = 0;
  constexpr int kCommands = 2'000;
  for (int i = 0; i < kCommands; ++i) {
    store_->settle(Deposit{"tn_a", "", Money::nano(1)},
                   [&](Result<Effects> effects) { answered += effects ? 1 : 0; });
  }
  ASSERT_TRUE(store_->apply(Barrier{}));
  EXPECT_EQ(answered, kCommands);
  EXPECT_LT(store_->counters().commits - before.commits, kCommands / 2);
}

TEST_F(StoreTest, AFullQueueRefusesNewWorkAndNotWhatSettles) {
  auto store = Store::open(testing::new_store(folder_ / "small.sqlite"), clock_, 1);
  ASSERT_TRUE(store);
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  (*store)->settle(Barrier{}, [opened](const Result<Effects>&) { opened.wait(); });
  while ((*store)->counters().queued > 0) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  int accepted = 0;
  Status refused;
  for (int i = 0; i < 3; ++i) {
    refused = (*store)->submit(Barrier{}, [](const Result<Effects>&) {});
    accepted += refused ? 1 : 0;
  }
  EXPECT_LE(accepted, 1);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  (*store)->settle(Barrier{}, [](const Result<Effects>&) {});
  gate.set_value();
}

TEST_F(StoreTest, AFullDiskRefusesLosesNothingAndGoesOnByItself) {
  if (testing::stores_in_postgres()) GTEST_SKIP() << "the limit is SQLite's; a server's disk: tests/drills";
  ASSERT_TRUE(open().apply(CreateTenant{"tn_a", "a", Money()}));
  ASSERT_TRUE(store_->apply(Deposit{"tn_a", "", Money::nano(7)}));
  store_->limit_pages_for_test(1);
  ASSERT_TRUE(store_->apply(Barrier{}));
  std::int64_t deposits = 7;
  Result<Effects> last;
  for (int i = 0; i < 400; ++i) {
    last = store_->apply(CreateTenant{fmt::format("tn_{}", i), fmt::format("{:>1000}", i), Money()});
    if (!last) break;
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::kUnavailable);
  EXPECT_THAT(last.error().message, HasSubstr("the store is full"));
  EXPECT_FALSE(store_->counters().writable);
  for (int i = 0; i < 50; ++i) {
    if (store_->apply(Deposit{"tn_a", "", Money::nano(1)})) ++deposits;
  }
  store_->limit_pages_for_test(0);
  ASSERT_TRUE(store_->apply(Barrier{}));
  ASSERT_TRUE(store_->apply(Deposit{"tn_a", "", Money::nano(1)}));
  ++deposits;
  EXPECT_TRUE(store_->counters().writable);
  EXPECT_EQ(number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), deposits);
  open();  // checks the whole store
}

TEST_F(StoreTest, ATamperedStoreIsRefusedAtStart) {
  ASSERT_TRUE(open().apply(CreateTenant{"tn_a", "a", Money()}));
  ASSERT_TRUE(store_->apply(Deposit{"tn_a", "", Money::nano(7)}));
  store_.reset();
  {
    auto database = Database::open(where_, false);
    ASSERT_TRUE(database->execute("UPDATE accounts SET balance = 8 WHERE id = 'tenant:tn_a'"));
  }
  const auto opened = Store::open(where_, clock_, 10);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kDataLoss);
  EXPECT_THAT(opened.error().message, HasSubstr("account tenant:tn_a has 8, its entries sum up to 7"));
}

}  // namespace
}  // namespace chengying::cloud
