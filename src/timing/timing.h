// Timing: the second and third reading of a program: when each instruction starts and ends on a chip, and at
// what cost of energy. A pure function of (program, chip, cores): never of data, neighbours or the machine
// that asks. Integers throughout what is billed: the same on every machine. docs/timing.md says what is
// modelled.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::timing {

/// What a stretch of time went to.
enum class Limit : std::uint8_t {
  kCompute,
  kSram,
  kDram,
  kCache,
  kRing,
  kHostLink,
  kIssue,
  kLatency,
  kLaunch,  // the command processor: before the first instruction
  kDone     // nothing left to do
};
inline constexpr std::size_t kLimitCount = 10;
std::string_view name_of(Limit limit);

struct InstructionTime {
  std::uint64_t start_cycle = 0, end_cycle = 0;
  std::uint64_t picojoules = 0;
  std::uint64_t macs = 0;                              // multiply-accumulates
  Limit limit = Limit::kCompute;                       // what its length came from
  std::uint64_t issue_cycles = 0, latency_cycles = 0;  // before the engine and its links begin
  std::uint64_t engine_cycles = 0;                     // of the engine itself, were its links free and fast
  std::uint64_t active_cycles = 0;                     // of them, those in which multipliers take operands
  Limit link = Limit::kCompute;          // its slowest link, if that lasted longer than the engine
  std::uint64_t queue_cycles = 0;        // that link served others first for so long
  std::uint64_t idle_before_cycles = 0;  // the gap on its engine before it
  std::uint32_t waited_for = kNobody;    // the instruction whose end let it start (kNobody: the launch)
  /// How long it stood still for `link`, that link's queue included.
  std::uint64_t stall_cycles() const {
    const std::uint64_t own = issue_cycles + latency_cycles + engine_cycles, all = end_cycle - start_cycle;
    return all > own ? all - own : 0;
  }
  static constexpr std::uint32_t kNobody = 0xffffffff;
};

struct Timing {
  std::uint64_t cycles = 0;      // of the chip's clock, from submit to the last output in host memory
  std::uint64_t picojoules = 0;  // dynamic energy plus the slice's share of idle power over the cycles
  std::uint64_t macs = 0;
  std::uint64_t dram_bytes = 0, host_bytes = 0, ring_bytes = 0;
  std::uint64_t launch_cycles = 0;                                        // before the first instruction
  std::vector<std::array<std::uint64_t, isa::kEngineCount>> busy_cycles;  // [core][engine]
  std::vector<InstructionTime> instructions;                              // as in the program
  double seconds(const isa::ChipSpec& chip) const { return static_cast<double>(cycles) / chip.clock_hz; }
};

/// Walks a program that `isa::verify` accepts for this chip and slice. `arguments` of the run, as the
/// program's, each within its bounds; empty: the highest of each, the longest that a run can take.
Timing walk(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
            std::span<const std::int64_t> arguments = {});

/// Cycles of one instruction alone on an idle slice: what the compiler's cost decisions use. The same
/// formulas; arguments at their highest.
InstructionTime time_alone(const isa::Instruction& instruction, const isa::Program& program,
                           const isa::ChipSpec& chip, std::uint16_t cores);

}  // namespace chengying::timing
