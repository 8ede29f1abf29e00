#include "runtime/batcher.h"

#include <gtest/gtest.h>

#include <thread>

namespace chengying::runtime {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Long enough that no test waits for it.
constexpr std::chrono::microseconds kLong = 1h;

/// A request that is known by its batch.
Work work(std::uint64_t loaded, std::int32_t batch, Clock::time_point deadline = Clock::time_point::max()) {
  Work result;
  result.loaded = LoadedId{loaded};
  result.batch = batch;
  result.deadline = deadline;
  return result;
}

std::vector<std::int32_t> batches_of(const std::vector<Work>& group) {
  std::vector<std::int32_t> batches;
  for (const Work& each : group) batches.push_back(each.batch);
  return batches;
}
using Batches = std::vector<std::int32_t>;

TEST(Batcher, WithoutDelayEveryRequestGoesAlone) {
  Batcher batcher(10, 0us);
  for (const std::int32_t batch : {1, 2, 3}) batcher.try_push(work(1, batch), 8);
  EXPECT_EQ(batches_of(batcher.pop()), Batches{1});
  EXPECT_EQ(batches_of(batcher.pop()), Batches{2});
  EXPECT_EQ(batches_of(batcher.pop()), Batches{3});
}

TEST(Batcher, AFullGroupLeavesAtOnce) {
  Batcher batcher(10, kLong);
  for (const std::int32_t batch : {1, 3, 4, 1}) batcher.try_push(work(1, batch), 8);
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{1, 3, 4}));
}

TEST(Batcher, AGroupThatTheNextDoesNotFitLeavesAtOnceAndInOrder) {
  Batcher batcher(10, kLong);
  for (const std::int32_t batch : {2, 5, 4, 1, 3}) batcher.try_push(work(1, batch), 8);
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{2, 5}));
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{4, 1, 3}));
}

TEST(Batcher, ARequestThatFillsOrPassesTheLimitGoesAlone) {
  Batcher batcher(10, kLong);
  batcher.try_push(work(1, 8), 8);
  batcher.try_push(work(1, 20), 8);
  batcher.try_push(work(1, 5), 0);
  EXPECT_EQ(batches_of(batcher.pop()), Batches{8});
  EXPECT_EQ(batches_of(batcher.pop()), Batches{20});
  EXPECT_EQ(batches_of(batcher.pop()), Batches{5});
}

TEST(Batcher, OnlyRequestsOfTheSameExecutableJoin) {
  Batcher batcher(10, kLong);
  batcher.try_push(work(1, 1), 4);
  batcher.try_push(work(2, 2), 4);
  batcher.try_push(work(1, 3), 4);
  batcher.try_push(work(2, 2), 4);
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{1, 3}));
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{2, 2}));
}

TEST(Batcher, AnIncompleteGroupLeavesAfterTheDelay) {
  Batcher batcher(10, 2ms);
  const auto start = Clock::now();
  batcher.try_push(work(1, 1), 8);
  batcher.try_push(work(1, 2), 8);
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{1, 2}));
  EXPECT_GE(Clock::now() - start, 2ms);
}

TEST(Batcher, NobodyWaitsPastTheDeadline) {
  Batcher batcher(10, kLong);
  batcher.try_push(work(1, 1), 8);
  batcher.try_push(work(1, 2, Clock::now() + 20ms), 8);  // the one that joined is in a hurry
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{1, 2}));
  batcher.try_push(work(1, 3, Clock::now() - 1s), 8);
  EXPECT_EQ(batches_of(batcher.pop()), Batches{3});
}

TEST(Batcher, ALaterRequestJoinsTheGroupThatWaits) {
  Batcher batcher(10, kLong);
  batcher.try_push(work(1, 1), 4);
  std::jthread later([&] { batcher.try_push(work(1, 3), 4); });
  EXPECT_EQ(batches_of(batcher.pop()), (Batches{1, 3}));
}

TEST(Batcher, AFullQueueRefusesAndKeepsTheRequestUnchanged) {
  Batcher batcher(2, 0us);
  EXPECT_EQ(batcher.try_push(work(1, 1), 8), Batcher::Pushed::kQueued);
  EXPECT_EQ(batcher.try_push(work(1, 2), 8), Batcher::Pushed::kQueued);
  Work third = work(1, 3);
  third.done = [](RunDone) {};
  EXPECT_EQ(batcher.try_push(std::move(third), 8), Batcher::Pushed::kFull);
  EXPECT_TRUE(third.done);  // NOLINT: unchanged, as promised
  batcher.pop();
  EXPECT_EQ(batcher.try_push(std::move(third), 8), Batcher::Pushed::kQueued);
}

TEST(Batcher, ClosingEndsTheWaitAndLeavesTheRestToDrain) {
  Batcher batcher(10, kLong);
  batcher.try_push(work(1, 1), 8);
  batcher.try_push(work(1, 2), 8);
  std::jthread closer([&] { batcher.close(); });
  EXPECT_TRUE(batcher.pop().empty());
  EXPECT_EQ(batcher.try_push(work(1, 3), 8), Batcher::Pushed::kClosed);
  EXPECT_EQ(batches_of(batcher.drain()), (Batches{1, 2}));
  EXPECT_TRUE(batcher.drain().empty());
}

}  // namespace
}  // namespace chengying::runtime
