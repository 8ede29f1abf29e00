#include "timing/stream.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "timing/timing.h"

namespace chengying::timing {
namespace {

/// Instructions that nothing waits for: when these have ended, a request is done with its buffers.
std::vector<bool> last_ones(const isa::Program& program) {
  std::vector<bool> last(program.instructions.size(), true);
  for (const isa::Instruction& instruction : program.instructions)
    for (const std::uint32_t wait : instruction.waits) last[wait] = false;
  return last;
}

/// An instruction of one of the requests, and when it would start if nothing stood in its way.
struct Step {
  std::uint64_t cycle;
  std::uint32_t request, instruction;
};

/// All instructions of all requests in order of time: one pair of requests after another, the second one of a
/// pair `apart` behind the first.
std::vector<Step> steps_of(const Timing& alone, std::uint32_t requests, std::uint64_t apart) {
  const std::uint64_t length = alone.cycles - alone.launch_cycles;
  std::vector<Step> steps;
  for (std::uint32_t request = 0; request < requests; ++request)
    for (std::uint32_t i = 0; i < alone.instructions.size(); ++i)
      steps.push_back(
          {request / 2 * length + request % 2 * apart + alone.instructions[i].start_cycle, request, i});
  std::ranges::stable_sort(steps, {}, &Step::cycle);
  return steps;
}

}  // namespace

isa::Program repeated(const isa::Program& program, const Timing& alone, std::uint32_t requests,
                      std::uint64_t apart) {
  const std::vector<bool> last = last_ones(program);
  std::vector<std::vector<std::uint32_t>> places(requests, std::vector<std::uint32_t>(last.size()));
  isa::Program result = program;
  result.instructions.clear();
  for (const Step& step : steps_of(alone, requests, apart)) {
    isa::Instruction instruction = program.instructions[step.instruction];
    for (std::uint32_t& wait : instruction.waits) wait = places[step.request][wait];
    if (instruction.waits.empty() &&
        step.request >= 2)  // the buffers are those of the request before the last
      for (std::uint32_t i = 0; i < last.size(); ++i)
        if (last[i]) instruction.waits.push_back(places[step.request - 2][i]);
    std::ranges::sort(instruction.waits);
    places[step.request][step.instruction] = static_cast<std::uint32_t>(result.instructions.size());
    result.instructions.push_back(std::move(instruction));
  }
  return result;
}

Stream stream_of(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores) {
  constexpr std::uint32_t kFew = 4, kMore = 8;  // the first ones fill the pipeline
  constexpr double kBetween = kMore - kFew;
  const Timing alone = walk(program, chip, cores);
  const std::uint64_t length = alone.cycles - alone.launch_cycles;
  Stream best{.cycles = std::numeric_limits<double>::infinity()};
  for (const std::uint64_t apart : {length / 4, length / 2, length / 4 * 3}) {
    const Timing few = walk(repeated(program, alone, kFew, apart), chip, cores);
    const Timing more = walk(repeated(program, alone, kMore, apart), chip, cores);
    const Stream stream{static_cast<double>(more.cycles - few.cycles) / kBetween,
                        static_cast<double>(more.picojoules - few.picojoules) / kBetween};
    if (stream.cycles < best.cycles) best = stream;
  }
  return best;
}

}  // namespace chengying::timing
