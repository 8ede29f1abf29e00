#include "cli/turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace chengying::cli {
namespace {

std::vector<double> samples(int quiet, int disturbed) {
  std::vector<double> all;
  for (int i = 0; i < quiet; ++i) all.push_back(100 + 0.01 * i);
  for (int i = 0; i < disturbed; ++i) all.push_back(150 + i);
  return all;
}

// The law of a low quantile: what disturbs fewer than two thirds of the samples changes nothing.
TEST(Turns, KeepWhatUndisturbedSamplesSay) {
  const Kept quiet = keep_of(samples(96, 0)), half = keep_of(samples(48, 48));
  EXPECT_NEAR(quiet.value, 100, 0.2);
  EXPECT_NEAR(half.value, 100, 0.2);
  EXPECT_LT(half.spread, 0.01);
  EXPECT_GT(half.middle, 149);  // which a middle does not survive
}

// And disturbances that leave less than that are seen as such.
TEST(Turns, SayWhenTooFewSamplesAreUndisturbed) {
  EXPECT_GT(keep_of(samples(24, 72)).spread, 0.4);
  EXPECT_EQ(keep_of({7.0}).value, 7);
  EXPECT_EQ(keep_of({7.0}).spread, 0);
}

// A work that is known to take so many cycles takes them, whatever the clock: it is looked at beside each.
TEST(Turns, CountCyclesOfTheClockBesideEachSample) {
  constexpr std::size_t kAdditions = 300'000;
  Turns turns;
  const Turns::Work one = turns.add(Turns::Bound::kCore, [] { addition_chain(kAdditions); });
  const Turns::Work two = turns.add(Turns::Bound::kCore, [] { addition_chain(2 * kAdditions); });
  turns.measure(48);
  EXPECT_NEAR(turns.cycles(one).value / kAdditions, 1, 0.15);
  EXPECT_NEAR(turns.cycles(two).value / kAdditions, 2, 0.3);
  EXPECT_LT(turns.spread(), 0.5);
  EXPECT_NEAR(turns.seconds(one).value * turns.clock_hz() / kAdditions, 1, 0.25);
}

}  // namespace
}  // namespace chengying::cli
