// least_seconds: the clock time of a piece of work: the least of some tries, as other work on the machine
// only ever adds. median: the middle of several, where two are compared that other work meets alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace chengying {

template <class Work>
double least_seconds(int tries, Work work) {
  double best = 1e9;
  for (int i = 0; i < tries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// Of at least one value; the upper of the two in the middle.
inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace chengying
