// The parts of verify, each a question about a program whose earlier questions were answered well. Internal
// to src/isa; verify.cc asks them in order.
#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"
#include "isa/footprint.h"
#include "isa/program.h"
#include "isa/residence_map.h"
#include "isa/spec.h"

namespace chengying::isa {

/// Sizes of scratch, bindings and residences: inside the slice, the constants and the limits, and apart.
Status verify_layout(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
                     const ChipSpec& chip);

/// An operation by itself: its numbers are sane, its operands agree, the chip has its opcode and formats, and
/// its output does not lie on its inputs (elementwise operations in place excepted).
Status verify_operation(const Operation& operation, const ChipSpec& chip, Budget& budget);

/// The lengths that an operation takes from the program's arguments: that there are such, and that none in
/// their bounds passes its operands.
Status verify_lengths(const Operation& operation, const Program& program);

/// Where things may lie: asked of each access of each instruction.
class PlaceVerifier {
 public:
  /// All four must outlive it; the program passed verify_layout.
  PlaceVerifier(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
                const ChipSpec& chip);
  /// Inside of the slice's memories, reachable by the instruction's engine, and written only where that is
  /// allowed.
  Status verify(const Instruction& instruction, const Access& access) const;

 private:
  Status verify_constant(const Instruction& instruction, const Access& access, std::uint64_t end) const;
  Status verify_host(const Access& access, std::uint64_t end) const;
  Status verify_reach(const Instruction& instruction, const Address& at) const;

  const Program& program_;
  const std::uint16_t cores_;
  const std::uint64_t constant_bytes_;
  const ChipSpec& chip_;
  const ResidenceMap residences_;
};

/// Order: waits point backwards; every read of scratch is covered by earlier ordered writes; no two unordered
/// instructions touch the same bytes with a write among them; every output is written whole.
/// `accesses` are those of all instructions, each passed by verify_operation and PlaceVerifier.
Status verify_order(const Program& program, std::span<const std::vector<Access>> accesses, Budget& budget);

/// Packed u8 weights have 0 where their groups of four are not full. Asked of programs that passed all of the
/// above.
Status verify_padding(const Executable& executable);

/// "instruction 12: what\n   12 core0 ...": an error with the instruction that it is about.
std::unexpected<Error> at_instruction(const Program& program, std::uint32_t index, Error error);

}  // namespace chengying::isa
