// best_seconds: the clock time of a piece of work, for measurements of this machine.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

namespace chengying::cli {

using Clock = std::chrono::steady_clock;

inline constexpr int kRepeats = 9;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds of `work`, the best of some repeats; `spread` grows to how far the middle one was from it.
inline double best_seconds(const std::function<void()>& work, double& spread) {
  std::array<double, kRepeats> times{};
  work();  // warms up
  for (double& time : times) {
    const auto start = Clock::now();
    work();
    time = seconds_since(start);
  }
  std::ranges::sort(times);
  spread = std::max(spread, times[kRepeats / 2] / times[0] - 1);
  return times[0];
}

}  // namespace chengying::cli
