#include "chip/prepared.h"

#include <utility>

#include "chip/resolve.h"

namespace chengying::chip {
namespace {

/// Where an instruction went.
struct Seat {
  std::uint32_t thread = 0, step = 0;
};

/// Turns the waits of one instruction into waits for other threads. A thread's own earlier steps are done
/// anyway, the latest step of a thread stands for all before it, and what the thread waited for once stays
/// true (`known`). False if a wait does not point backwards.
bool add_waits(const isa::Instruction& instruction, std::uint32_t index, const std::vector<Seat>& seats,
               std::uint32_t thread, std::vector<std::uint32_t>& known, std::vector<ThreadList>& threads) {
  std::vector<std::uint32_t> needed(threads.size(), 0);
  for (const std::uint32_t wait : instruction.waits) {
    if (wait >= index) return false;
    const Seat& seat = seats[wait];
    if (seat.thread != thread) needed[seat.thread] = std::max(needed[seat.thread], seat.step + 1);
  }
  for (std::uint32_t other = 0; other < needed.size(); ++other) {
    if (needed[other] <= known[other]) continue;
    known[other] = needed[other];
    threads[thread].waits.push_back({other, needed[other]});
    threads[other].steps[needed[other] - 1].published = true;
  }
  return true;
}

void add_host_operands(const Resolved& resolved, const Seat& seat, std::vector<HostOperand>& operands) {
  const auto add = [&](const std::optional<HostPlace>& place, HostOperand::Slot slot) {
    if (place) operands.push_back({seat.thread, seat.step, slot, place->binding, place->offset});
  };
  add(resolved.input, HostOperand::Slot::kInput);
  add(resolved.second, HostOperand::Slot::kSecond);
  add(resolved.third, HostOperand::Slot::kThird);
  add(resolved.fourth, HostOperand::Slot::kFourth);
  add(resolved.output, HostOperand::Slot::kOutput);
}

}  // namespace

std::expected<Prepared, Trap> prepare(const isa::Program& program, std::span<const std::byte> constants,
                                      const SliceMemory& memory, unsigned threads) {
  Prepared prepared;
  prepared.threads.resize(threads);
  std::vector<Seat> seats;
  seats.reserve(program.instructions.size());
  std::vector<std::vector<std::uint32_t>> known(threads, std::vector<std::uint32_t>(threads, 0));
  for (std::uint32_t index = 0; index < program.instructions.size(); ++index) {
    const isa::Instruction& instruction = program.instructions[index];
    auto resolved = resolve(instruction.operation, program, constants, memory);
    if (!resolved) return std::unexpected(Trap{index, std::move(resolved).error()});

    const std::uint32_t thread = instruction.core % threads;
    ThreadList& list = prepared.threads[thread];
    const Seat seat{thread, static_cast<std::uint32_t>(list.steps.size())};
    Step step;
    step.operation = &instruction.operation;
    step.operands = resolved->operands;
    step.instruction = index;
    step.waits_begin = static_cast<std::uint32_t>(list.waits.size());
    if (!add_waits(instruction, index, seats, thread, known[thread], prepared.threads))
      return std::unexpected(Trap{index, "waits for an instruction that does not come before it"});
    step.waits_end = static_cast<std::uint32_t>(list.waits.size());
    list.steps.push_back(step);
    seats.push_back(seat);
    add_host_operands(*resolved, seat, prepared.host_operands);
  }
  return prepared;
}

}  // namespace chengying::chip
