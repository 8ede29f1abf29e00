// What one core of this machine can multiply at most: a loop of nothing but vpdpbusd on registers.
#pragma once

#include "chip/kernels/kernels.h"
#include "least_seconds.h"

namespace chengying {

/// Rounds of 8 independent vpdpbusd; assembly, so that no compiler improves on it.
[[gnu::noinline]] inline void multiply_only(long rounds) {
  asm volatile(
      "1:\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm0\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm1\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm2\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm3\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm4\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm5\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm6\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm7\n"
      "dec %0\n"
      "jnz 1b\n"
      : "+r"(rounds)
      :
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "cc");
}

/// Multiply-accumulates a second of u8 x i8 on one core; 0 where there is no VNNI.
inline double peak_macs_per_second() {
  if (!chip::supported(chip::KernelSet::kAvx512)) return 0;
  constexpr long kRounds = 20000;
  const double seconds = least_seconds(200, [] { multiply_only(kRounds); });
  return 8.0 * kRounds * 64 / seconds;
}

}  // namespace chengying
