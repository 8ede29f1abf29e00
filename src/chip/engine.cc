#include "chip/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "chip/kernels/kernels.h"
#include "chip/memory.h"
#include "chip/prepared.h"
#include "chip/team.h"

namespace chengying::chip {
namespace {

using Clock = std::chrono::steady_clock;

/// A program of the loaded executable: ready to run, or known to trap.
struct Loaded {
  const isa::Program* program = nullptr;
  std::expected<Prepared, Trap> prepared;
  std::vector<bool> active;  // the threads that have something to do
  bool alone = true;         // only thread 0 has
};

Loaded make_loaded(const isa::Executable& executable, const isa::Program& program, const SliceMemory& memory,
                   unsigned threads) {
  Loaded loaded{&program, prepare(program, executable.constants, memory, threads), std::vector<bool>(threads),
                true};
  if (!loaded.prepared) return loaded;
  for (unsigned t = 0; t < threads; ++t) {
    loaded.active[t] = !loaded.prepared->threads[t].steps.empty();
    if (t > 0 && loaded.active[t]) loaded.alone = false;
  }
  return loaded;
}

/// Room for the largest program: their runs follow each other.
Result<SliceMemory> make_memory(const isa::Executable& executable, std::uint16_t cores) {
  std::uint64_t dram_bytes = 0;
  std::vector<std::uint64_t> sram_bytes(cores, 0);
  for (const isa::Program& program : executable.programs) {
    dram_bytes = std::max(dram_bytes, program.dram_bytes);
    for (std::size_t core = 0; core < std::min(sram_bytes.size(), program.sram_bytes.size()); ++core)
      sram_bytes[core] = std::max(sram_bytes[core], program.sram_bytes[core]);
  }
  SliceMemory memory;
  TRY_ASSIGN(memory.dram, Memory::make(dram_bytes));
  for (const std::uint64_t bytes : sram_bytes) {
    TRY_ASSIGN(Memory sram, Memory::make(bytes));
    memory.sram.push_back(std::move(sram));
  }
  return memory;
}

/// Points the steps at this request's tensors.
void bind(Prepared& prepared, std::span<const std::span<const std::byte>> inputs,
          std::span<const std::span<std::byte>> outputs) {
  for (const HostOperand& operand : prepared.host_operands) {
    Operands& operands = prepared.threads[operand.thread].steps[operand.step].operands;
    const bool is_input = operand.binding < inputs.size();
    const std::byte* data =
        (is_input ? inputs[operand.binding].data() : outputs[operand.binding - inputs.size()].data()) +
        operand.offset;
    switch (operand.slot) {
      case HostOperand::Slot::kInput:
        operands.input = data;
        break;
      case HostOperand::Slot::kSecond:
        operands.second = data;
        break;
      case HostOperand::Slot::kThird:
        operands.third = data;
        break;
      case HostOperand::Slot::kFourth:
        operands.fourth = data;
        break;
      case HostOperand::Slot::kOutput:
        operands.output = outputs[operand.binding - inputs.size()].data() + operand.offset;
        break;
    }
  }
}

template <class Spans>
bool sizes_match(const std::vector<isa::Binding>& bindings, const Spans& spans) {
  return std::ranges::equal(
      bindings, spans, {}, [](const isa::Binding& binding) { return binding.bytes(); },
      [](const auto& span) { return std::uint64_t{span.size()}; });
}

bool within_bounds(const std::vector<isa::Argument>& arguments, std::span<const std::int64_t> given) {
  return std::ranges::equal(arguments, given, [](const isa::Argument& argument, std::int64_t value) {
    return value >= argument.low && value <= argument.high;
  });
}

/// What a run was asked with: its arguments, and clock times of the steps if somebody wants them.
class Asked {
 public:
  Asked(const RunOptions& options, std::size_t instructions)
      : clocks_(options.profile), arguments_(options.arguments.data()), begin_(Clock::now()) {
    if (clocks_ != nullptr) clocks_->assign(instructions, {});
  }
  bool wanted() const { return clocks_ != nullptr; }
  const std::int64_t* arguments() const { return arguments_; }
  std::uint64_t now() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin_).count());
  }
  void record(std::uint32_t instruction, std::uint64_t start_ns, unsigned thread) const {
    (*clocks_)[instruction] = {start_ns, now(), static_cast<std::uint16_t>(thread)};
  }

 private:
  std::vector<InstructionClock>* clocks_;
  const std::int64_t* arguments_;
  Clock::time_point begin_;
};

/// The first trap of a thread. A faulty instruction gives what its definition says and the run goes on to its
/// end: so the first fault of all in the list's order is the same for any number of threads.
using FirstTrap = std::optional<Trap>;

void note_fault(const Fault& fault, std::uint32_t instruction, FirstTrap& trap) {
  if (trap) return;
  trap = Trap{instruction, fmt::format("index {} names none of {} rows", fault.number, fault.rows)};
}

void execute_step(const Kernels& kernels, const Step& step, const Asked& asked, unsigned thread,
                  FirstTrap& trap) {
  Fault fault;
  Operands operands = step.operands;
  operands.fault = &fault;
  operands.arguments = asked.arguments();
  if (asked.wanted()) {
    const std::uint64_t start_ns = asked.now();
    execute(kernels, *step.operation, operands);
    asked.record(step.instruction, start_ns, thread);
  } else {
    execute(kernels, *step.operation, operands);
  }
  if (fault.found) note_fault(fault, step.instruction, trap);
}

/// Of all threads, the earliest in the list.
FirstTrap earliest(const std::vector<FirstTrap>& traps) {
  FirstTrap first;
  for (const FirstTrap& trap : traps)
    if (trap && (!first || trap->instruction < first->instruction)) first = trap;
  return first;
}

}  // namespace

struct Engine::State {
  isa::ChipSpec chip;
  std::uint16_t cores;
  unsigned threads;
  const Kernels& kernels;
  Team team;
  SliceMemory memory;
  std::shared_ptr<const isa::Executable> executable;  // shared: its file serves other slices too
  std::vector<Loaded> loaded;                         // as executable->programs

  void walk_alone(const ThreadList& list, const Asked& asked, FirstTrap& trap) const {
    for (const Step& step : list.steps) execute_step(kernels, step, asked, 0, trap);
  }

  void walk(const ThreadList& list, const Asked& asked, unsigned thread, FirstTrap& trap) {
    Progress& own = team.progress(thread);
    std::uint32_t done = 0;
    for (const Step& step : list.steps) {
      for (std::uint32_t w = step.waits_begin; w < step.waits_end; ++w)
        team.progress(list.waits[w].thread).wait_for(list.waits[w].steps);
      execute_step(kernels, step, asked, thread, trap);
      ++done;
      if (step.published) own.publish(done);
    }
  }
};

Engine::Engine(const isa::ChipSpec& chip, std::uint16_t cores, unsigned threads, KernelSet kernels)
    : state_(new State{chip,
                       cores,
                       std::clamp(threads, 1U, unsigned{cores}),
                       kernels_of(kernels),
                       Team(std::clamp(threads, 1U, unsigned{cores})),
                       {},
                       nullptr,
                       {}}) {
  CHECK(cores >= 1);
}

Engine::~Engine() = default;

Status Engine::load(std::shared_ptr<const isa::Executable> executable) {
  CHECK(executable != nullptr);
  if (executable->cores != state_->cores)
    return fail(Code::kInvalidArgument, "the executable is for a slice of {} cores, this one has {}",
                executable->cores, state_->cores);
  TRY(isa::verify(*executable, state_->chip));
  TRY_ASSIGN(SliceMemory memory, make_memory(*executable, state_->cores));
  state_->loaded.clear();
  state_->memory = std::move(memory);
  state_->executable = std::move(executable);
  for (const isa::Program& program : state_->executable->programs)
    state_->loaded.push_back(make_loaded(*state_->executable, program, state_->memory, state_->threads));
  return {};
}

std::optional<Trap> Engine::run(const isa::Program& program,
                                std::span<const std::span<const std::byte>> inputs,
                                std::span<const std::span<std::byte>> outputs, const RunOptions& options) {
  const auto found = std::ranges::find(state_->loaded, &program, &Loaded::program);
  CHECK(found != state_->loaded.end());
  CHECK(sizes_match(program.inputs, inputs) && sizes_match(program.outputs, outputs));
  CHECK(within_bounds(program.arguments, options.arguments));
  if (!found->prepared) return found->prepared.error();

  bind(*found->prepared, inputs, outputs);
  const Asked asked(options, program.instructions.size());
  const std::vector<ThreadList>& lists = found->prepared->threads;
  std::vector<FirstTrap> traps(lists.size());
  if (found->alone)
    state_->walk_alone(lists[0], asked, traps[0]);
  else
    state_->team.run(found->active,
                     [&](unsigned thread) { state_->walk(lists[thread], asked, thread, traps[thread]); });
  return earliest(traps);
}

}  // namespace chengying::chip
