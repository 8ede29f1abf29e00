// The sum that Softmax, Norm and the dot products of Attention and Scan are defined by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chengying::reference {

/// 16 strided partial sums from +0, then pairwise. add(so_far, i) gives the sum with element i.
template <class Add>
float sum_of_16(std::int32_t n, Add add) {
  std::array<float, 16> partial{};
  for (std::int32_t i = 0; i < n; ++i) {
    float& sum = partial[static_cast<std::size_t>(i % 16)];
    sum = add(sum, i);
  }
  for (const std::size_t width : {8U, 4U, 2U, 1U}) {
    for (std::size_t j = 0; j < width; ++j) partial[j] += partial[j + width];
  }
  return partial[0];
}

}  // namespace chengying::reference
