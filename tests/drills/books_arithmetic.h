// The sums that Books make. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "books.h"

namespace chengying::cloud {

inline constexpr std::int64_t kSecond = 1'000'000;

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}
/// Small numbers only: the product fits 64 bits.
inline std::int64_t capacity(std::int64_t seconds, std::int64_t cores, std::int64_t price) {
  return ceil_div(seconds * cores * price * 1000, 3600);
}
inline std::int64_t started_seconds(bool reserved, std::int64_t held_us) {
  const std::int64_t unit = reserved ? 3600 : 1;
  return std::max(ceil_div(held_us, unit * kSecond), std::int64_t{1}) * unit;
}
inline std::int64_t whole_seconds(bool reserved, std::int64_t seconds_max) {
  return started_seconds(reserved, seconds_max * kSecond);
}
inline Expected refused(Code code) {
  return {.refused = code};
}
inline Expected repeated() {
  return {.repeated = true, .refused = {}};
}

}  // namespace chengying::cloud
