// Resolve: the operands of one operation as places in this process, each range checked against the memory
// that it names. The reason of a refusal is text for a Trap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "chip/memory.h"
#include "isa/program.h"
#include "reference/operands.h"

namespace chengying::chip {

/// A place in a tensor of the request.
struct HostPlace {
  std::uint32_t binding = 0;  // inputs first, then outputs
  std::uint64_t offset = 0;
};

/// Pointers where the place is fixed; host places where it is the request's.
struct Resolved {
  Operands operands;
  std::optional<HostPlace> input, second, third, fourth, output;
};

std::expected<Resolved, std::string> resolve(const isa::Operation& operation, const isa::Program& program,
                                             std::span<const std::byte> constants, const SliceMemory& memory);

}  // namespace chengying::chip
