// TopK: the largest of a list of numbers with their places, for classifiers' answers. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chengying::runtime {

struct TopK {
  std::int64_t index = 0;
  float value = 0;
  bool operator==(const TopK&) const = default;
};

/// At most k, largest first; of equals the one that comes first; NaN after everything.
std::vector<TopK> top_k(std::span<const float> values, std::size_t k);

}  // namespace chengying::runtime
