#include "timing/waits.h"

#include <algorithm>

namespace chengying::timing {
namespace {

constexpr std::uint32_t kNobody = InstructionTime::kNobody;

/// What the time from `from` to the end of `last` went to, backwards along the chain of those that let each
/// other start; appended in order of time.
void append_chain(const Timing& timing, std::uint32_t last, std::uint64_t from, std::vector<Stretch>& to) {
  const std::ptrdiff_t begin = std::ssize(to);
  std::uint64_t until = last == kNobody ? timing.launch_cycles : timing.instructions[last].end_cycle;
  for (; last != kNobody && until > from; last = timing.instructions[last].waited_for) {
    const std::vector<Stretch> phases = phases_of(timing, last);
    for (auto phase = phases.rbegin(); phase != phases.rend() && phase->end_cycle > from; ++phase) {
      to.push_back(*phase);
      to.back().start_cycle = std::max(from, phase->start_cycle);
    }
    until = timing.instructions[last].start_cycle;
  }
  if (until > from) to.push_back({from, until, Limit::kLaunch, kNobody});
  std::reverse(to.begin() + begin, to.end());
}

std::uint32_t last_to_end(const Timing& timing) {
  const auto last = std::ranges::max_element(timing.instructions, {}, &InstructionTime::end_cycle);
  return last == timing.instructions.end() ? kNobody
                                           : static_cast<std::uint32_t>(last - timing.instructions.begin());
}

using EngineIndex = std::size_t;  // core by core, engine by engine

EngineIndex engine_index(const isa::Instruction& instruction) {
  return isa::kEngineCount * instruction.core +
         static_cast<std::size_t>(isa::engine_of(instruction.operation));
}

}  // namespace

std::vector<Stretch> phases_of(const Timing& timing, std::uint32_t instruction) {
  const InstructionTime& time = timing.instructions[instruction];
  std::vector<Stretch> phases;
  std::uint64_t at = time.start_cycle;
  const auto add_phase = [&](std::uint64_t cycles, Limit limit) {
    if (cycles > 0) phases.push_back({at, at + cycles, limit, instruction});
    at += cycles;
  };
  add_phase(time.issue_cycles, Limit::kIssue);
  add_phase(time.latency_cycles, Limit::kLatency);
  add_phase(time.engine_cycles, Limit::kCompute);
  add_phase(time.stall_cycles(), time.link);
  return phases;
}

std::vector<Gap> gaps_of(const isa::Program& program, const Timing& timing) {
  const std::size_t engines = isa::kEngineCount * timing.busy_cycles.size();
  std::vector<std::vector<Stretch>> idle(engines);
  std::vector<std::uint64_t> free_at(engines, 0);
  for (std::uint32_t i = 0; i < program.instructions.size(); ++i) {
    const InstructionTime& time = timing.instructions[i];
    const EngineIndex engine = engine_index(program.instructions[i]);
    if (time.start_cycle > free_at[engine])
      append_chain(timing, time.waited_for, free_at[engine], idle[engine]);
    free_at[engine] = time.end_cycle;
  }
  std::vector<Gap> gaps;
  for (EngineIndex engine = 0; engine < engines; ++engine) {
    if (timing.cycles > free_at[engine])
      idle[engine].push_back({free_at[engine], timing.cycles, Limit::kDone, kNobody});
    for (const Stretch& stretch : idle[engine])
      gaps.push_back({static_cast<std::uint16_t>(engine / isa::kEngineCount),
                      static_cast<isa::Engine>(engine % isa::kEngineCount), stretch});
  }
  return gaps;
}

std::vector<Stretch> critical_path(const Timing& timing) {
  std::vector<Stretch> path;
  append_chain(timing, last_to_end(timing), 0, path);
  return path;
}

std::array<std::uint64_t, kLimitCount> cycles_by_limit(const std::vector<Stretch>& stretches) {
  std::array<std::uint64_t, kLimitCount> cycles{};
  for (const Stretch& stretch : stretches)
    cycles[static_cast<std::size_t>(stretch.limit)] += stretch.cycles();
  return cycles;
}

}  // namespace chengying::timing
