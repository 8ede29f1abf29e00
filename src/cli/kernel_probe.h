// KernelProbe: what the kernels' loops cost on this machine beyond their multiplications: each number from
// one or two operations of a fixed shape, which no workload was asked for. Each shape lies in several places
// of memory, and the middle of them counts: how lines fall into a cache's sets is luck. One thread.
#pragma once

#include <array>

#include "base/error.h"
#include "chip/engine.h"
#include "cli/turns.h"
#include "isa/spec.h"

namespace chengying::cli {

class KernelProbe {
 public:
  /// Adds its works to `turns`. kResourceExhausted if their operands find no memory.
  static Result<KernelProbe> make(chip::KernelSet set, Turns& turns);

  /// After `turns` were measured.
  isa::KernelCosts costs(const Turns& turns) const;

 private:
  static constexpr std::size_t kPlacesInMemory = 5;
  struct Works {
    Turns::Work copy, lut, conv, depthwise_pairs, depthwise, max_narrow, max_wide, average;
  };
  double cycles(const Turns& turns, Turns::Work Works::* work) const;

  double lanes_ = 0;  // f32 in a vector
  std::array<Works, kPlacesInMemory> works_;
};

}  // namespace chengying::cli
