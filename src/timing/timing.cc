#include "timing/timing.h"

#include <algorithm>
#include <queue>

#include "base/check.h"
#include "timing/cycles.h"
#include "timing/engine_work.h"
#include "timing/links.h"

namespace chengying::timing {
namespace {

constexpr std::array<std::string_view, kLimitCount> kLimitNames{
    "compute", "sram", "dram", "cache", "ring", "host link", "issue", "latency", "command processor", "done"};

/// What an instruction needs, before anybody asks when.
struct Work {
  EngineWork engine;
  Traffic traffic;
};

Work work_of(const isa::Instruction& instruction, const isa::ChipSpec& chip, const Links& links) {
  return {engine_work(instruction.operation, chip, links.arguments()), links.traffic_of(instruction)};
}

/// When an instruction that starts at `start` ends, and why then. Each link serves one instruction after
/// another: `busy_until` says when it is free, and is moved on.
struct End {
  std::uint64_t cycle = 0;
  Limit limit = Limit::kCompute;
  Limit link = Limit::kCompute;    // the one that decided, if one did
  std::uint64_t queue_cycles = 0;  // its, before it came to this instruction
};
End run(const Work& work, std::uint64_t start, const Links& links, std::vector<std::uint64_t>& busy_until) {
  const std::uint64_t overhead = add(work.engine.issue_cycles, work.traffic.latency_cycles);
  const std::uint64_t first = add(start, overhead);
  End end{.cycle = add(first, work.engine.cycles)};
  for (const Demand& demand : work.traffic.demands) {
    std::uint64_t& busy = busy_until[demand.link];
    const std::uint64_t wanted = first - std::min(first, demand.ahead_cycles);
    const std::uint64_t queue = busy > first ? busy - first : 0;
    busy = add(std::max(busy, wanted), links.cycles(demand.link, demand.bytes));
    const Limit limit = links.limit(demand.link);
    if (busy > end.cycle) end = {busy, limit, limit, queue};
  }
  if (end.cycle - first < overhead)
    end.limit = work.engine.issue_cycles >= work.traffic.latency_cycles ? Limit::kIssue : Limit::kLatency;
  return end;
}

InstructionTime time_of(const Work& work, std::uint64_t start, const End& end) {
  InstructionTime time;
  time.start_cycle = start;
  time.end_cycle = end.cycle;
  time.picojoules = round_up(work.engine.picojoules + work.traffic.picojoules);
  time.macs = work.engine.macs;
  time.limit = end.limit;
  time.issue_cycles = work.engine.issue_cycles;
  time.latency_cycles = work.traffic.latency_cycles;
  time.engine_cycles = work.engine.cycles;
  time.active_cycles = work.engine.active_cycles;
  time.link = end.link;
  time.queue_cycles = end.queue_cycles;
  return time;
}

/// The walk: engines take their instructions in order; among those that could start, the earliest does next
/// (the first of the list if equal), so that links are handed out in order of time.
class Walk {
 public:
  Walk(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
       std::span<const std::int64_t> arguments)
      : program_(program),
        chip_(chip),
        cores_(cores),
        links_(program, chip, cores, arguments),
        launch_(round_up(chip.launch_seconds * chip.clock_hz)),
        busy_until_(links_.count(), launch_) {
    const std::size_t count = program.instructions.size();
    timing_.instructions.resize(count);
    timing_.busy_cycles.resize(cores);
    timing_.cycles = timing_.launch_cycles = launch_;
    pending_.resize(count);
    find_predecessors();
  }

  Timing run_all() {
    while (!ready_.empty()) {
      const auto [start, index] = ready_.top();
      ready_.pop();
      run_one(index, start);
      ++done_;
    }
    CHECK(done_ == program_.instructions.size());
    const double seconds = static_cast<double>(timing_.cycles) / chip_.clock_hz;
    const double share = static_cast<double>(cores_) / static_cast<double>(chip_.cores);
    timing_.picojoules = add(timing_.picojoules, round_up(chip_.power.idle_watts * share * seconds * 1e12));
    return std::move(timing_);
  }

 private:
  /// What an instruction still waits for: the one before it on its engine, and its waits.
  struct Pending {
    std::uint32_t before = InstructionTime::kNobody;  // on its engine
    std::uint32_t open = 0;                           // predecessors that have no end yet
    std::vector<std::uint32_t> followers;
  };
  using Start = std::pair<std::uint64_t, std::uint32_t>;  // cycle, index

  void find_predecessors() {
    std::vector<std::uint32_t> last(isa::kEngineCount * cores_, InstructionTime::kNobody);
    for (std::uint32_t i = 0; i < pending_.size(); ++i) {
      const isa::Instruction& instruction = program_.instructions[i];
      std::uint32_t& before = last[isa::kEngineCount * instruction.core +
                                   static_cast<std::size_t>(isa::engine_of(instruction.operation))];
      pending_[i].before = before;
      if (before != InstructionTime::kNobody) follow(before, i);
      for (const std::uint32_t wait : instruction.waits) follow(wait, i);
      before = i;
      if (pending_[i].open == 0) ready_.emplace(launch_, i);
    }
  }

  void follow(std::uint32_t earlier, std::uint32_t later) {
    pending_[earlier].followers.push_back(later);
    ++pending_[later].open;
  }

  std::uint64_t end_of(std::uint32_t index) const { return timing_.instructions[index].end_cycle; }

  std::uint64_t engine_free(std::uint32_t index) const {
    const std::uint32_t before = pending_[index].before;
    return before == InstructionTime::kNobody ? launch_ : end_of(before);
  }

  void run_one(std::uint32_t index, std::uint64_t start) {
    const isa::Instruction& instruction = program_.instructions[index];
    const Work work = work_of(instruction, chip_, links_);
    InstructionTime& time = timing_.instructions[index];
    time = time_of(work, start, run(work, start, links_, busy_until_));
    time.idle_before_cycles = start - engine_free(index);
    time.waited_for = time.idle_before_cycles > 0
                          ? *std::ranges::find(instruction.waits, start, [&](auto w) { return end_of(w); })
                          : pending_[index].before;
    account(instruction, time, work.traffic);
    for (const std::uint32_t follower : pending_[index].followers)
      if (--pending_[follower].open == 0) ready_.emplace(earliest_start(follower), follower);
  }

  std::uint64_t earliest_start(std::uint32_t index) const {
    std::uint64_t start = engine_free(index);
    for (const std::uint32_t wait : program_.instructions[index].waits) start = std::max(start, end_of(wait));
    return start;
  }

  void account(const isa::Instruction& instruction, const InstructionTime& time, const Traffic& traffic) {
    timing_.cycles = std::max(timing_.cycles, time.end_cycle);
    timing_.picojoules = add(timing_.picojoules, time.picojoules);
    timing_.macs = add(timing_.macs, time.macs);
    timing_.dram_bytes += traffic.dram_bytes;
    timing_.host_bytes += traffic.host_bytes;
    timing_.ring_bytes += traffic.ring_bytes;
    const auto engine = static_cast<std::size_t>(isa::engine_of(instruction.operation));
    std::uint64_t& busy = timing_.busy_cycles[instruction.core][engine];
    busy = add(busy, time.end_cycle - time.start_cycle);
  }

  const isa::Program& program_;
  const isa::ChipSpec& chip_;
  const std::uint16_t cores_;
  const Links links_;
  const std::uint64_t launch_;
  std::vector<std::uint64_t> busy_until_;
  std::size_t done_ = 0;
  std::vector<Pending> pending_;
  std::priority_queue<Start, std::vector<Start>, std::greater<>> ready_;
  Timing timing_;
};

}  // namespace

std::string_view name_of(Limit limit) {
  return kLimitNames[static_cast<std::size_t>(limit)];
}

Timing walk(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
            std::span<const std::int64_t> arguments) {
  CHECK(arguments.empty() || arguments.size() == program.arguments.size());
  return Walk(program, chip, cores, arguments).run_all();
}

InstructionTime time_alone(const isa::Instruction& instruction, const isa::Program& program,
                           const isa::ChipSpec& chip, std::uint16_t cores) {
  const Links links(program, chip, cores);
  std::vector<std::uint64_t> busy_until(links.count());
  const Work work = work_of(instruction, chip, links);
  return time_of(work, 0, run(work, 0, links, busy_until));
}

}  // namespace chengying::timing
