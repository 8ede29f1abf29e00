#include "cli/trace.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "timing/waits.h"

namespace chengying::cli {
namespace {

using timing::Limit;

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

class Writer {
 public:
  Writer(const isa::Executable& executable, const isa::Program& program, const isa::ChipSpec& chip,
         const timing::Timing& timing)
      : executable_(executable), program_(program), timing_(timing), ns_per_cycle_(1e9 / chip.clock_hz) {}

  std::string json() {
    for (std::size_t core = 0; core < timing_.busy_cycles.size(); ++core) name_core(core);
    for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) add_instruction(i);
    for (const timing::Gap& gap : timing::gaps_of(program_, timing_))
      if (gap.stretch.limit != Limit::kDone) add_gap(gap);
    return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" + events_ + "\n]}\n";
  }

 private:
  void add(std::string_view event) {
    if (!events_.empty()) events_ += ",\n";
    events_ += event;
  }

  // Readers of this format take process 0 and thread 0 for the system's idle ones and leave them out, and
  // some know a thread by its number alone: numbers begin at 1, and no two tracks share one.
  static std::size_t process_of(std::size_t core) { return core + 1; }
  static std::size_t thread_of(std::size_t core, isa::Engine engine) {
    return core * isa::kEngineCount + static_cast<std::size_t>(engine) + 1;
  }

  void name_track(std::string_view what, std::size_t process, std::size_t thread, std::string_view name) {
    add(fmt::format(
        R"({{"ph":"M","cat":"__metadata","ts":0,"name":"{}","pid":{},"tid":{},"args":{{"name":"{}"}}}})",
        what, process, thread, name));
  }

  void name_core(std::size_t core) {
    const std::size_t process = process_of(core);
    name_track("process_name", process, thread_of(core, isa::Engine{}), fmt::format("core {}", core));
    for (std::size_t i = 0; i < isa::kEngineCount; ++i) {
      const auto engine = static_cast<isa::Engine>(i);
      name_track("thread_name", process, thread_of(core, engine), isa::name_of(engine));
    }
  }

  void slice(std::size_t core, isa::Engine engine, const timing::Stretch& at, std::string_view category,
             std::string_view name, std::string_view arguments) {
    const std::uint64_t begin = nanoseconds(at.start_cycle), end = nanoseconds(at.end_cycle);
    add(fmt::format(R"({{"ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"cat":"{}","name":{},"args":{{{}}}}})",
                    process_of(core), thread_of(core, engine), microseconds(begin), microseconds(end - begin),
                    category, quoted(name), arguments));
  }

  /// Perfetto counts whole nanoseconds. Both ends of a slice are rounded, never its length: so what begins or
  /// ends at the same cycle does so in the trace, and no slice reaches beyond the one that it lies in.
  std::uint64_t nanoseconds(std::uint64_t cycle) const {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(cycle) * ns_per_cycle_));
  }
  static std::string microseconds(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

  std::string title(std::uint32_t index) const {
    const isa::Instruction& instruction = program_.instructions[index];
    return fmt::format("{} ({})", executable_.layers[instruction.layer].name,
                       isa::name_of(instruction.operation));
  }

  void add_instruction(std::uint32_t index) {
    const isa::Instruction& instruction = program_.instructions[index];
    const timing::InstructionTime& time = timing_.instructions[index];
    const isa::Engine engine = isa::engine_of(instruction.operation);
    slice(instruction.core, engine, {time.start_cycle, time.end_cycle, time.limit, index}, "instruction",
          title(index),
          fmt::format(
              R"("instruction":{},"cycles":{},"limit":"{}","macs":{},"active_cycles":{},"picojoules":{})",
              index, time.end_cycle - time.start_cycle, timing::name_of(time.limit), time.macs,
              time.active_cycles, time.picojoules));
    for (const timing::Stretch& phase : timing::phases_of(timing_, index)) add_phase(instruction, phase);
  }

  void add_phase(const isa::Instruction& instruction, const timing::Stretch& phase) {
    const bool link =
        phase.limit != Limit::kIssue && phase.limit != Limit::kLatency && phase.limit != Limit::kCompute;
    const std::uint64_t queue = timing_.instructions[phase.instruction].queue_cycles;
    slice(instruction.core, isa::engine_of(instruction.operation), phase, link ? "stall" : "phase",
          fmt::format("{}{}", link ? "waits for " : "", timing::name_of(phase.limit)),
          fmt::format(
              R"("cycles":{}{})", phase.cycles(),
              link ? fmt::format(R"(,"of_them_in_its_queue":{})", std::min(queue, phase.cycles())) : ""));
  }

  void add_gap(const timing::Gap& gap) {
    const timing::Stretch& stretch = gap.stretch;
    if (stretch.instruction == timing::InstructionTime::kNobody)
      return slice(gap.core, gap.engine, stretch, "wait", "waits for the command processor", "");
    const isa::Instruction& other = program_.instructions[stretch.instruction];
    slice(gap.core, gap.engine, stretch, "wait",
          fmt::format("waits for {}: {}", title(stretch.instruction), timing::name_of(stretch.limit)),
          fmt::format(R"("instruction":{},"core":{},"engine":"{}","cause":"{}","cycles":{})",
                      stretch.instruction, other.core, isa::name_of(isa::engine_of(other.operation)),
                      timing::name_of(stretch.limit), stretch.cycles()));
  }

  const isa::Executable& executable_;
  const isa::Program& program_;
  const timing::Timing& timing_;
  const double ns_per_cycle_;
  std::string events_;
};

}  // namespace

std::string trace_json(const isa::Executable& executable, const isa::Program& program,
                       const isa::ChipSpec& chip, const timing::Timing& timing) {
  return Writer(executable, program, chip, timing).json();
}

}  // namespace chengying::cli
