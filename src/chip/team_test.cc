#include "chip/team.h"

#include <gtest/gtest.h>

#include <vector>

namespace chengying::chip {
namespace {

TEST(Team, OnlyActiveThreadsRun) {
  Team team(3);
  std::vector<int> ran(3, 0);
  team.run({true, false, true}, [&](unsigned thread) { ++ran[thread]; });
  EXPECT_EQ(ran, (std::vector<int>{1, 0, 1}));
  team.run({false, true, false}, [&](unsigned thread) { ++ran[thread]; });
  EXPECT_EQ(ran, (std::vector<int>{1, 1, 1}));
}

TEST(Team, WhatWasWrittenBeforeIsSeenByWhoWaited) {
  // A chain: each thread's step n reads what its neighbour wrote in step n. Not atomic: only the waits order
  // it.
  constexpr unsigned kThreads = 4;
  constexpr std::uint32_t kSteps = 50;
  Team team(kThreads);
  std::vector<std::uint32_t> written(kThreads, 0);
  for (int run = 0; run < 100; ++run) {
    std::ranges::fill(written, 0);
    team.run(std::vector<bool>(kThreads, true), [&](unsigned thread) {
      for (std::uint32_t step = 1; step <= kSteps; ++step) {
        if (thread > 0) {
          team.progress(thread - 1).wait_for(step);
        } else if (step > 1) {
          team.progress(kThreads - 1).wait_for(step - 1);
        }
        const std::uint32_t before = thread > 0 ? written[thread - 1] : written[kThreads - 1] + 1;
        EXPECT_EQ(before, step);
        written[thread] = step;
        team.progress(thread).publish(step);
      }
    });
    EXPECT_EQ(written, std::vector<std::uint32_t>(kThreads, kSteps));
  }
}

TEST(Team, EndsWithoutEverHavingRun) {
  Team team(5);
}

TEST(Team, RunsCountOnPastTheEndOfTheirNumbers) {
  Progress progress;
  progress.publish(3);  // after 2^32 - 1 comes 0: "at least" goes by the difference
  progress.wait_for(0xffffffff);
  progress.wait_for(3);
}

}  // namespace
}  // namespace chengying::chip
