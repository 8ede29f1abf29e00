// The sum that Softmax and Norm are defined by: 16 strided partial sums from +0, added pairwise. S is a lane
// set (avx2/lanes.h, avx512/lanes.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/arithmetic.h"

namespace chengying::chip {

/// Lanes from n on become +0.
template <class S>
[[gnu::always_inline]] inline typename S::F keep_first(typename S::F x, std::int64_t n) {
  if (n >= S::kWidth) return x;
  for (std::int64_t i = n; i < S::kWidth; ++i) x[i] = 0.0F;
  return x;
}

/// Of n elements; add(so_far, first element) steps a vector.
template <class S, class Add>
[[gnu::always_inline]] inline float sum_of_16(std::int64_t n, Add add) {
  using F = typename S::F;
  constexpr int kVectors = 16 / S::kWidth;
  F partial[kVectors];
  for (F& sum : partial) sum = exact::Lanes<F>::set(0.0F);
  for (std::int64_t i = 0; i < n; i += 16) {
    for (int v = 0; v < kVectors; ++v) {
      if (i + v * S::kWidth < n) partial[v] = add(partial[v], i + v * S::kWidth);
    }
  }
  alignas(64) float sums[16];
  for (int v = 0; v < kVectors; ++v) S::store(reinterpret_cast<std::byte*>(sums + v * S::kWidth), partial[v]);
  for (const int width : {8, 4, 2, 1}) {
    for (int j = 0; j < width; ++j) sums[j] += sums[j + width];
  }
  return sums[0];
}

}  // namespace chengying::chip
