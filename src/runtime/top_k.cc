#include "runtime/top_k.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace chengying::runtime {

std::vector<TopK> top_k(std::span<const float> values, std::size_t k) {
  k = std::min(k, values.size());
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    if (std::isnan(values[a]) || std::isnan(values[b]))
      return std::isnan(values[a]) == std::isnan(values[b]) ? a < b : std::isnan(values[b]);
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  };
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(k), before);
  std::vector<TopK> best;
  for (std::size_t i = 0; i < k; ++i) best.push_back({static_cast<std::int64_t>(order[i]), values[order[i]]});
  return best;
}

}  // namespace chengying::runtime
