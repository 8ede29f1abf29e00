// Prepared: a program made ready to run on the memories of one slice: every address resolved and
// range-checked once, every wait turned into "that thread has come so far". What is left for each run is to
// point the steps at the request's tensors. The range check is the second wall behind isa::verify and trusts
// nothing of the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "chip/engine.h"
#include "chip/memory.h"
#include "isa/program.h"
#include "reference/operands.h"

namespace chengying::chip {

/// One instruction as its thread sees it.
struct Step {
  const isa::Operation* operation = nullptr;  // in the program, which outlives this
  Operands operands;
  std::uint32_t instruction = 0;                 // index in the program
  std::uint32_t waits_begin = 0, waits_end = 0;  // in ThreadList::waits
  bool published = false;                        // somebody waits for it: the thread says so when it is done
};

/// Before the step may start, thread `thread` has done its first `steps` steps.
struct StepWait {
  std::uint32_t thread = 0, steps = 0;
  bool operator==(const StepWait&) const = default;
};

/// What one thread does, in order.
struct ThreadList {
  std::vector<Step> steps;
  std::vector<StepWait> waits;
};

/// An operand that lies in a tensor of the request, set anew for each run.
struct HostOperand {
  enum class Slot : std::uint8_t { kInput, kSecond, kThird, kFourth, kOutput };
  std::uint32_t thread = 0, step = 0;
  Slot slot = Slot::kInput;
  std::uint32_t binding = 0;  // inputs first, then outputs
  std::uint64_t offset = 0;   // bytes into the binding
};

struct Prepared {
  std::vector<ThreadList> threads;
  std::vector<HostOperand> host_operands;
};

/// Instructions of core c go to thread c % threads. Points into `program`, `constants` and `memory`.
std::expected<Prepared, Trap> prepare(const isa::Program& program, std::span<const std::byte> constants,
                                      const SliceMemory& memory, unsigned threads);

}  // namespace chengying::chip
