// Waits: why engines stand still and what a program's length consists of, read off a walk that is done. An
// idle cycle is charged to the instruction that everything then waited for, and to what that one spent it on.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "isa/program.h"
#include "timing/timing.h"

namespace chengying::timing {

/// A stretch of time that went to one thing of one instruction.
struct Stretch {
  std::uint64_t start_cycle = 0, end_cycle = 0;
  Limit limit = Limit::kLaunch;
  std::uint32_t instruction = InstructionTime::kNobody;  // kNobody: of the command processor, or done
  std::uint64_t cycles() const { return end_cycle - start_cycle; }
};

/// A stretch in which an engine was idle; `instruction` is what it waited for.
struct Gap {
  std::uint16_t core = 0;
  isa::Engine engine = isa::Engine::kTensor;
  Stretch stretch;
};

/// An instruction's own time, in order: issue, latency, its engine, and its slowest link as far as that lasts
/// longer. Without empty parts.
std::vector<Stretch> phases_of(const Timing& timing, std::uint32_t instruction);

/// Every idle stretch of every engine of the slice, by core, engine and time. Busy and idle stretches of an
/// engine add up to the program's cycles.
std::vector<Gap> gaps_of(const isa::Program& program, const Timing& timing);

/// What the program's length went to, from its start to its end without a gap: the chain of instructions of
/// which each let the next one start, back from the last to end.
std::vector<Stretch> critical_path(const Timing& timing);

/// Cycles by Limit.
std::array<std::uint64_t, kLimitCount> cycles_by_limit(const std::vector<Stretch>& stretches);

}  // namespace chengying::timing
