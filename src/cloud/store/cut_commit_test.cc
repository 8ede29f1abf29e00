// A commit to PostgreSQL whose connection is lost in it: what was done is answered as done, what was not is
// refused and can be sent again, what can't be known is said to be so; nothing happens twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "cloud/store/check.h"
#include "cloud/store/cut_link_for_test.h"
#include "cloud/store/postgres_for_test.h"
#include "cloud/store/store.h"

namespace chengying::cloud {
namespace {

using testing::Cut;
using ::testing::HasSubstr;

class CutCommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_);
    ASSERT_TRUE((*store_)->apply(CreateTenant{"tn_a", "a", Money()}));
  }
  Result<Effects> deposit(const std::string& request, std::int64_t amount) {
    return (*store_)->apply(Deposit{"tn_a", request, Money::nano(amount)});
  }
  /// What the store says without the link.
  std::int64_t balance() {
    auto database = Database::open(direct_, true);
    const auto checked = check_store(*database);
    EXPECT_TRUE(checked) << checked.error().message;
    return *database->number(-1, "SELECT balance FROM accounts WHERE id = 'tenant:tn_a'");
  }

  const std::string direct_ = testing::PostgresServer::new_store();
  testing::CutLink link_{direct_};
  SystemClock clock_;
  Result<std::unique_ptr<Store>> store_ = Store::open(link_.url(), clock_, 10'000);
};

TEST_F(CutCommit, ThatWasDoneIsAnsweredAsDone) {
  link_.cut_next(Cut::kBeforeTheAnswer);
  const auto done = deposit("d", 7);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(link_.cuts(), 1);
  EXPECT_EQ(balance(), 7);
  EXPECT_TRUE((*store_)->counters().writable);
  EXPECT_TRUE(deposit("d", 7)->repeated);
  EXPECT_TRUE(deposit("e", 1)) << "it goes on by itself";
  EXPECT_EQ(balance(), 8);
}

TEST_F(CutCommit, ThatTheServerNeverGotIsRefusedAndNotDone) {
  link_.cut_next(Cut::kBeforeTheServer);
  const auto refused = deposit("d", 7);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("nothing was lost, try again"));
  EXPECT_EQ(link_.cuts(), 1);
  EXPECT_EQ(balance(), 0);
  const auto again = deposit("d", 7);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->repeated);
  EXPECT_EQ(balance(), 7);
}

TEST_F(CutCommit, ThatNobodyCanTellOfIsSaidToBeUnknownAndIsDoneOnceWhenSentAgain) {
  for (const Cut cut : {Cut::kBeforeTheAnswer, Cut::kBeforeTheServer}) {
    const std::string request = cut == Cut::kBeforeTheAnswer ? "done" : "not done";
    const std::int64_t before = balance();
    link_.cut_next(cut, true);
    const auto unknown = deposit(request, 7);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::kUnavailable);
    EXPECT_THAT(unknown.error().message, HasSubstr("whether it was done is not known"));
    EXPECT_THAT(unknown.error().message, HasSubstr("under the same id"));
    const auto meanwhile = deposit("meanwhile", 1);
    ASSERT_FALSE(meanwhile);
    EXPECT_EQ(meanwhile.error().code, Code::kUnavailable);
    EXPECT_THAT(meanwhile.error().message, HasSubstr("the store can't be reached"));
    link_.restore();
    const auto again = deposit(request, 7);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->repeated, cut == Cut::kBeforeTheAnswer);
    EXPECT_EQ(balance(), before + 7);
  }
}

TEST_F(CutCommit, OfManyCommandsLosesNoneAndDoesNoneTwice) {
  constexpr int kRounds = 20, kCommands = 25;
  std::int64_t expected = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::array<std::atomic<int>, kCommands> answers{};
    const auto name = [&](int i) { return fmt::format("{}.{}", round, i); };
    link_.cut_next(round % 2 == 0 ? Cut::kBeforeTheAnswer : Cut::kBeforeTheServer);
    for (int i = 0; i < kCommands; ++i) {
      (*store_)->settle(Deposit{"tn_a", name(i), Money::nano(1)},
                        [&answers, i](const Result<Effects>& effects) { answers[i] = effects ? 1 : 2; });
    }
    for (int i = 0; i < kCommands; ++i) {
      while (answers[i] == 0) std::this_thread::yield();
      const auto again = deposit(name(i), 1);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->repeated, answers[i] == 1) << "what was answered is there, what was refused is not";
    }
    expected += kCommands;
  }
  EXPECT_EQ(link_.cuts(), kRounds);
  EXPECT_EQ(balance(), expected);
}

}  // namespace
}  // namespace chengying::cloud
