// Timing: the second and third reading of a program: when each instruction starts and ends on a chip, and at
// what cost of energy. A pure function of (program, chip, cores): never of data, neighbours or the machine
// that asks. Integers throughout what is billed: the same on every machine. docs/timing.md says what is
// modelled.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::timing {

/// What an instruction's length came from, or what an idle engine waited for.
enum class Limit : std::uint8_t {
  kCompute,
  kSram,
  kDram,
  kCache,
  kRing,
  kHostLink,
  kIssue,
  kLatency,
  kWait,
  kDone
};
std::string_view name_of(Limit limit);

struct InstructionTime {
  std::uint64_t start_cycle = 0, end_cycle = 0;
  std::uint64_t picojoules = 0;
  std::uint64_t macs = 0;                // multiply-accumulates
  Limit limit = Limit::kCompute;         // what its length came from
  std::uint64_t idle_before_cycles = 0;  // the gap on its engine before it
  std::uint32_t waited_for = kNobody;    // the instruction whose end closed that gap (kNobody: the launch)
  static constexpr std::uint32_t kNobody = 0xffffffff;
};

struct Timing {
  std::uint64_t cycles = 0;      // of the chip's clock, from submit to the last output in host memory
  std::uint64_t picojoules = 0;  // dynamic energy plus the slice's share of idle power over the cycles
  std::uint64_t macs = 0;
  std::uint64_t dram_bytes = 0, host_bytes = 0, ring_bytes = 0;
  std::vector<std::array<std::uint64_t, isa::kEngineCount>> busy_cycles;  // [core][engine]
  std::vector<InstructionTime> instructions;                              // as in the program
  double seconds(const isa::ChipSpec& chip) const { return static_cast<double>(cycles) / chip.clock_hz; }
};

/// Walks a program that `isa::verify` accepts for this chip and slice.
Timing walk(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores);

/// Cycles of one instruction alone on an idle slice: what the compiler's cost decisions use. The same
/// formulas.
InstructionTime time_alone(const isa::Instruction& instruction, const isa::Program& program,
                           const isa::ChipSpec& chip, std::uint16_t cores);

}  // namespace chengying::timing
