// Each method of calibration on numbers made for it: what it is for, it does better than the whole range.
#include "compiler/passes/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace chengying::compiler {
namespace {

/// Normal numbers, by sums of 12, and some that lie far outside.
std::vector<float> bell_with(std::size_t count, const std::vector<float>& outliers) {
  std::mt19937 random(1);
  std::vector<float> numbers(outliers);
  for (std::size_t i = 0; i < count; ++i) {
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += static_cast<double>(random() % 65536) / 65536;
    numbers.push_back(static_cast<float>(sum));
  }
  return numbers;
}

/// Mean square of what rounding to bytes changes, over numbers of at most `magnitude`.
double error_of(const std::vector<float>& numbers, const Range& range, double magnitude = 1e30) {
  const Quantisation q = quantisation_of(range);
  double sum = 0;
  std::size_t count = 0;
  for (const float x : numbers) {
    if (std::abs(x) > magnitude) continue;
    const double zero = q.zero_point, step = std::clamp(std::nearbyint(x / q.scale()) + zero, 0.0, 255.0);
    const double off = x - (step - zero) * q.scale();
    sum += off * off;
    ++count;
  }
  return sum / static_cast<double>(count);
}

Histogram histogram_of(const std::vector<float>& numbers) {
  Histogram histogram;
  histogram.add(numbers);
  return histogram;
}

TEST(Histogram, MinMaxHoldsEveryNumber) {
  const auto numbers = bell_with(1000, {40, -7});
  const Range range = histogram_of(numbers).choose(CalibrationMethod::kMinMax);
  EXPECT_EQ(range.low, -7);
  EXPECT_EQ(range.high, 40);
}

TEST(Histogram, PercentileLeavesOutFewFarNumbersAndRoundsTheOthersFiner) {
  const auto numbers = bell_with(100'000, {100, 100, -100});  // three of 100,003: less than one in 10,000
  const Histogram histogram = histogram_of(numbers);
  const Range whole = histogram.choose(CalibrationMethod::kMinMax);
  const Range range = histogram.choose(CalibrationMethod::kPercentile);
  EXPECT_LT(range.high, 8);
  EXPECT_LT(100 * error_of(numbers, range, 4), error_of(numbers, whole, 4));
}

TEST(Histogram, PercentileKeepsWhatIsNotRare) {
  std::vector<float> numbers = bell_with(100'000, {});
  numbers.insert(numbers.end(), 200, 30.0F);  // one in 500
  EXPECT_NEAR(histogram_of(numbers).choose(CalibrationMethod::kPercentile).high, 30, 0.1);
}

TEST(Histogram, EntropyKeepsTheShapeOfTheMany) {
  const auto numbers = bell_with(100'000, {60, -60});
  const Histogram histogram = histogram_of(numbers);
  const Range whole = histogram.choose(CalibrationMethod::kMinMax);
  const Range range = histogram.choose(CalibrationMethod::kEntropy);
  EXPECT_LT(range.high, 30);
  EXPECT_LT(10 * error_of(numbers, range, 4), error_of(numbers, whole, 4));
}

TEST(Histogram, MeanSquareClipsWhereAllErrorsTogetherGetSmaller) {
  const auto numbers = bell_with(200'000, {20, -20});
  const Histogram histogram = histogram_of(numbers);
  const Range whole = histogram.choose(CalibrationMethod::kMinMax);
  const Range range = histogram.choose(CalibrationMethod::kMeanSquare);
  EXPECT_LT(range.high, 20);
  EXPECT_LT(error_of(numbers, range), 0.8 * error_of(numbers, whole));
}

TEST(Histogram, MeanSquareKeepsTheWholeRangeWhereClippingCostsMore) {
  std::vector<float> numbers = bell_with(1000, {});
  numbers.insert(numbers.end(), 500, 20.0F);
  EXPECT_NEAR(histogram_of(numbers).choose(CalibrationMethod::kMeanSquare).high, 20, 0.3);
}

TEST(Histogram, AnotherOrderAndOtherPortionsGiveTheSameRanges) {
  const auto numbers = bell_with(20'000, {9, -3});
  Histogram portions;
  for (std::size_t i = numbers.size(); i > 0; i -= std::min<std::size_t>(i, 777)) {
    const std::size_t start = i - std::min<std::size_t>(i, 777);
    portions.add(std::span(numbers).subspan(start, i - start));
  }
  for (const auto method : {CalibrationMethod::kPercentile, CalibrationMethod::kMeanSquare}) {
    const Range a = histogram_of(numbers).choose(method), b = portions.choose(method);
    EXPECT_NEAR(a.high, b.high, 0.1);
    EXPECT_NEAR(a.low, b.low, 0.1);
  }
}

}  // namespace
}  // namespace chengying::compiler
