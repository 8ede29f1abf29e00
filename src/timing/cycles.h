// Arithmetic on cycles that is the same on every machine and never wraps: a program that would take forever
// costs kForever, not little.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace chengying::timing {

inline constexpr std::uint64_t kForever = std::uint64_t{1} << 62;

inline std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a >= kForever || b >= kForever - a ? kForever : a + b;
}

inline std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > kForever / a ? kForever : a * b;
}

inline std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

/// The next integer at or above `value`. IEEE division, multiplication and ceil are exact to the bit
/// everywhere; the build forbids contracted ones.
inline std::uint64_t round_up(double value) {
  if (!(value < static_cast<double>(kForever))) return kForever;
  return value <= 0 ? 0 : static_cast<std::uint64_t>(std::ceil(value));
}

}  // namespace chengying::timing
