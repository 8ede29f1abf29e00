// The six applications of Google's TPU paper (ISCA 2017), as synthetic networks with the published layers,
// weights and batch, and the paper's counters. The shapes of their layers are not published; see tpu_apps.cc
// for what was assumed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::bench {

/// Shares of all cycles, 0..1, as the paper's table 3 has them: array active (of it useful), waiting for
/// weights, shifting weights in, and all that is not matrix work.
struct TpuShares {
  double active = 0, useful = 0, stall = 0, shift = 0, other = 0;
  std::uint64_t weight_bytes = 0;
};

struct TpuApp {
  const char* name;
  std::int32_t rows;  // of a batch, as the array sees them
  std::string (*make)();
  TpuShares published;
};

std::span<const TpuApp> tpu_apps();

/// Of a program on one core of a systolic chip.
TpuShares tpu_shares(const isa::Program& program, const isa::ChipSpec& chip);

}  // namespace chengying::bench
