// least_seconds: the clock time of a piece of work: the least of some tries, as other work on the machine
// only ever adds.
#pragma once

#include <algorithm>
#include <chrono>

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

}  // namespace chengying
