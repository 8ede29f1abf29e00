// EngineWork: how long an engine itself is busy with an operation, all operands at hand. From the spec's
// arrays and lanes alone; docs/timing.md has the formulas. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "isa/instruction.h"
#include "isa/spec.h"

namespace chengying::timing {

struct EngineWork {
  std::uint64_t cycles = 0;         // of the engine, without issue
  std::uint64_t issue_cycles = 0;   // fixed, before it
  std::uint64_t active_cycles = 0;  // of them, those in which a multiplier array takes operands
  std::uint64_t macs = 0;           // multiply-accumulates that the model asks for (not those of padding)
  double picojoules = 0;            // of the arithmetic, not of moving bytes
};

/// `arguments` of the run, as the program's.
EngineWork engine_work(const isa::Operation& operation, const isa::ChipSpec& chip,
                       std::span<const std::int64_t> arguments = {});

/// Cycles of an array for a product of M x K by K x N. Exact, never less than 1.
struct ArrayCycles {
  std::uint64_t total = 0;   // with fill and drain of a systolic array
  std::uint64_t active = 0;  // in which it takes pixels
};
ArrayCycles array_cycles(const isa::TensorEngine& tensor, const isa::MacArray& array, std::uint64_t m,
                         std::uint64_t k, std::uint64_t n);

}  // namespace chengying::timing
