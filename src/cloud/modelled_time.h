// Modelled time of cycles, in whole nanoseconds. Pure.
#pragma once

#include <cstdint>

namespace chengying::cloud {

/// ceil(cycles * 1e9 / clock_hz)
inline std::uint64_t nanoseconds_of(std::uint64_t cycles, std::uint64_t clock_hz) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{cycles} * 1'000'000'000 + clock_hz - 1) / clock_hz);
}

}  // namespace chengying::cloud
