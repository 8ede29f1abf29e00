#include "compiler/passes/histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace chengying::compiler {
namespace {

constexpr double kTail = 1e-4;    // of the elements beyond the range, both sides together (99.99 %)
constexpr int kCandidates = 100;  // ranges that the searching methods try

}  // namespace

void Histogram::grow(float magnitude) {
  if (width_ == 0) {
    width_ = magnitude / (kBinsPerSide - 1);
    bins_.assign(2 * kBinsPerSide, 0);
    return;
  }
  while (magnitude >= width_ * kBinsPerSide) {
    std::vector<std::uint64_t> merged(2 * kBinsPerSide, 0);
    for (std::int32_t i = 0; i < 2 * kBinsPerSide; ++i)
      merged[(i - kBinsPerSide + 2 * kBinsPerSide) / 2] += bins_[i];  // floor of the signed place / 2
    bins_ = std::move(merged);
    width_ *= 2;
  }
}

void Histogram::add(std::span<const float> elements) {
  float magnitude = 0;
  for (const float x : elements)
    if (std::isfinite(x)) magnitude = std::max(magnitude, std::abs(x));
  if (magnitude > 0) grow(magnitude);
  for (const float x : elements) {
    if (!std::isfinite(x)) continue;
    ++count_;
    low_ = std::min(low_, x);
    high_ = std::max(high_, x);
    if (x == 0) {
      ++zeros_;
      continue;
    }
    const auto place = static_cast<std::int32_t>(std::floor(x / width_)) + kBinsPerSide;
    ++bins_[std::clamp(place, 0, 2 * kBinsPerSide - 1)];
  }
}

double Histogram::bin_centre(std::size_t bin) const {
  return (static_cast<double>(bin) - kBinsPerSide + 0.5) * width_;
}

Range Histogram::choose(CalibrationMethod method) const {
  if (width_ == 0) return {};
  switch (method) {
    case CalibrationMethod::kMinMax:
      return range();
    case CalibrationMethod::kPercentile:
      return percentile();
    case CalibrationMethod::kEntropy:
      return entropy();
    case CalibrationMethod::kMeanSquare:
      return mean_square();
  }
  return range();
}

Range Histogram::percentile() const {
  const bool two_sided = low_ < 0 && high_ > 0;
  const double beyond = kTail * static_cast<double>(count_) * (two_sided ? 0.5 : 1.0);
  Range result = range();
  double sum = 0;
  for (std::size_t i = bins_.size(); i-- > kBinsPerSide;) {
    sum += static_cast<double>(bins_[i]);
    if (sum <= beyond) continue;
    result.high = std::min(high_, static_cast<float>(bin_centre(i) + 0.5 * width_));
    break;
  }
  sum = 0;
  for (std::size_t i = 0; i < kBinsPerSide; ++i) {
    sum += static_cast<double>(bins_[i]);
    if (sum <= beyond) continue;
    result.low = std::max(low_, static_cast<float>(bin_centre(i) - 0.5 * width_));
    break;
  }
  return result;
}

/// Rounding inside of the range (a step is uniform in it) and clipping outside.
double Histogram::square_error(const Range& range) const {
  const double step = (static_cast<double>(range.high) - range.low) / 255;
  double error = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const double x = bin_centre(i);
    const double over = std::max({x - range.high, range.low - x, 0.0});
    error += static_cast<double>(bins_[i]) * (over > 0 ? over * over : step * step / 12);
  }
  return error;
}

Range Histogram::mean_square() const {
  Range best = range();
  double least = square_error(best);
  for (int i = kCandidates; i-- > kCandidates / 5;) {
    const float part = static_cast<float>(i) / kCandidates;
    const Range candidate{low_ * part, high_ * part};
    const double error = square_error(candidate);
    if (error >= least) continue;
    least = error;
    best = candidate;
  }
  return best;
}

/// Kullback-Leibler divergence of the elements clipped to a range from the same in 256 steps.
double Histogram::divergence(const Range& range) const {
  const double step = (static_cast<double>(range.high) - range.low) / 255;
  std::array<double, 256> mass{};
  std::array<std::uint32_t, 256> filled{};
  std::vector<double> clipped(bins_.size(), 0);
  const auto level_of = [&](std::size_t bin) {
    return static_cast<std::size_t>(std::clamp((bin_centre(bin) - range.low) / step + 0.5, 0.0, 255.0));
  };
  const auto first = static_cast<std::size_t>(
      std::clamp<double>(std::floor(range.low / width_) + kBinsPerSide, 0.0, 4095.0));
  const auto last = static_cast<std::size_t>(
      std::clamp<double>(std::ceil(range.high / width_) + kBinsPerSide - 1, 0.0, 4095.0));
  double outside_mass = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const auto count = static_cast<double>(bins_[i]);
    clipped[std::clamp(i, first, last)] += count;
    if (i < first || i > last) {
      outside_mass += count;
      continue;
    }
    if (bins_[i] == 0) continue;
    mass[level_of(i)] += count;
    ++filled[level_of(i)];
  }
  const double total = static_cast<double>(count_ - zeros_);
  double sum = 0;
  for (std::size_t i = first; i <= last; ++i) {
    if (clipped[i] == 0) continue;
    const std::size_t level = level_of(i);
    const double p = clipped[i] / total;
    const double q =
        bins_[i] == 0 ? 1e-12 : mass[level] / filled[level] / std::max(total - outside_mass, 1.0);
    sum += p * std::log(p / q);
  }
  return sum;
}

Range Histogram::entropy() const {
  Range best = range();
  double least = divergence(best);
  for (int i = kCandidates; i-- > kCandidates / 5;) {
    const float part = static_cast<float>(i) / kCandidates;
    const Range candidate{low_ * part, high_ * part};
    const double value = divergence(candidate);
    if (value >= least) continue;
    least = value;
    best = candidate;
  }
  return best;
}

Quantisation quantisation_of(const Range& range) {
  const double low = std::min(range.low, 0.0F), high = std::max(range.high, 0.0F);
  Quantisation q{.scales = {1}, .zero_point = 0, .axis = 0};
  const auto scale = static_cast<float>((high - low) / 255);
  if (!(scale > 0x1p-100F) || !std::isfinite(scale)) return q;  // nothing but zeros was seen
  q.scales = {scale};
  q.zero_point = static_cast<std::int32_t>(std::clamp(std::nearbyint(-low / scale), 0.0, 255.0));
  return q;
}

}  // namespace chengying::compiler
