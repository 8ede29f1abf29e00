#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace chengying {
namespace {

TEST(BoundedQueue, RefusesWhatIsOverItsCapacityAndLeavesTheItemAlone) {
  BoundedQueue<std::string> queue(1);
  EXPECT_TRUE(queue.try_push("first"));
  std::string second = "second";
  EXPECT_FALSE(queue.try_push(std::move(second)));
  EXPECT_EQ(second, "second");
  EXPECT_EQ(queue.pop(), "first");
  EXPECT_TRUE(queue.try_push(std::move(second)));
}

TEST(BoundedQueue, IsDrainedAfterItWasClosed) {
  BoundedQueue<int> queue(4);
  EXPECT_TRUE(queue.try_push(1));
  queue.close();
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, PopUntilGivesUpAtTheDeadline) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.pop_until(std::chrono::steady_clock::now()), std::nullopt);
  EXPECT_FALSE(queue.closed());
}

TEST(BoundedQueue, EveryItemComesOutOnceOverManyThreads) {
  constexpr int kItems = 20'000;
  BoundedQueue<int> queue(16);
  std::vector<long> sums(2, 0);
  std::vector<std::jthread> threads;
  for (long& sum : sums) {
    threads.emplace_back([&queue, &sum] {
      while (const auto item = queue.pop()) sum += *item;
    });
  }
  {
    std::vector<std::jthread> producers;
    for (int parity : {0, 1}) {
      producers.emplace_back([&queue, parity] {
        for (int i = parity; i < kItems; i += 2) {
          while (!queue.try_push(int{i})) std::this_thread::yield();
        }
      });
    }
  }
  queue.close();
  threads.clear();
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0L), static_cast<long>(kItems) * (kItems - 1) / 2);
}

}  // namespace
}  // namespace chengying
