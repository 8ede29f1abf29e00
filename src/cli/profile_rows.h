// ProfileRows: a program's two times, layer by layer or instruction by instruction: what the chip's model
// predicts and what this machine's clock measured. Core-seconds on both sides, so that they compare whatever
// ran side by side. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/engine.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::cli {

struct ProfileRow {
  std::string name, operation;
  std::uint64_t macs = 0;
  double predicted_seconds = 0;    // of core time
  double measured_seconds = 0;     // of thread time
  double peak_ops_per_second = 0;  // of one core in the row's format; 0 if nothing in it multiplies
  double measured_ops_per_second() const;
  /// Of one core's peak; 0 if nothing in it multiplies.
  double measured_share() const;
};

/// One row for each instruction, in order. `measured_ns` has one entry for each.
std::vector<ProfileRow> instruction_rows(const isa::Executable& executable, const isa::Program& program,
                                         const isa::ChipSpec& chip, const timing::Timing& timing,
                                         std::span<const double> measured_ns);

/// Rows of the same layer put together, in order of the layers.
std::vector<ProfileRow> layer_rows(const isa::Executable& executable, const isa::Program& program,
                                   std::span<const ProfileRow> instructions);

/// Their sum, called "total".
ProfileRow total_of(std::span<const ProfileRow> rows);

}  // namespace chengying::cli
