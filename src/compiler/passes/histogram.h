// Histogram: the distribution of a tensor's elements over all samples, in 4096 bins around 0 whose width
// doubles (and whose neighbours merge) when a larger element comes. From it, the range that a u8 scale should
// cover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/compile.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler {

struct Range {
  float low = 0, high = 0;  // low <= 0 <= high
};

class Histogram {
 public:
  static constexpr std::int32_t kBinsPerSide = 2048;

  /// NaN and infinite elements are left out.
  void add(std::span<const float> elements);
  std::uint64_t count() const { return count_; }
  Range range() const { return {low_, high_}; }
  /// The range by a method of calibration; holds 0.
  Range choose(CalibrationMethod method) const;

 private:
  void grow(float magnitude);
  double bin_centre(std::size_t bin) const;
  Range percentile() const;
  Range mean_square() const;
  Range entropy() const;
  double square_error(const Range& range) const;
  double divergence(const Range& range) const;

  float low_ = 0, high_ = 0;
  float width_ = 0;  // of a bin; 0: nothing but zeros so far
  std::uint64_t count_ = 0, zeros_ = 0;
  std::vector<std::uint64_t> bins_;  // bin kBinsPerSide starts at 0
};

/// u8 parameters that cover the range, with 0 exactly representable.
Quantisation quantisation_of(const Range& range);

}  // namespace chengying::compiler
