// What is missing in packed u8 weights is 0: kernels multiply it by whatever lies behind the last channel, so
// anything else would let an answer depend on bytes that nobody wrote.
#include <set>
#include <tuple>

#include "isa/packing.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

constexpr std::size_t kGroupBytes = std::size_t{kChannelBlock} * kReduceGroup;

/// Rows of packed weights: `rows` times `groups` groups, of which the last of each row has `kept` weights a
/// channel (1 to 4).
struct Packed {
  std::uint64_t offset = 0, rows = 0, groups = 0;
  std::int32_t kept = kReduceGroup;
  auto operator<=>(const Packed&) const = default;
};

std::uint64_t groups_of(std::int64_t count, std::int64_t unit) {
  return static_cast<std::uint64_t>((count + unit - 1) / unit);
}

std::int32_t kept_of(std::int64_t count) {
  return static_cast<std::int32_t>((count - 1) % kReduceGroup + 1);
}

std::optional<Packed> packed_of(const Operation& operation) {
  if (const auto* conv = std::get_if<Conv>(&operation); conv && conv->input.dtype == DType::kU8) {
    const std::uint64_t blocks = groups_of(conv->output.shape[3], kChannelBlock);
    const auto places =
        static_cast<std::uint64_t>(conv->window.kernel_h) * static_cast<std::uint64_t>(conv->window.kernel_w);
    const std::int64_t c = conv->input.shape[3];
    return Packed{conv->weights.offset, blocks * places, groups_of(c, kReduceGroup), kept_of(c)};
  }
  if (const auto* conv = std::get_if<DepthwiseConv>(&operation); conv && conv->input.dtype == DType::kU8) {
    const std::int64_t places = std::int64_t{conv->window.kernel_h} * conv->window.kernel_w;
    return Packed{conv->weights.offset, groups_of(conv->output.shape[3], kChannelBlock),
                  groups_of(places, kReduceGroup), kept_of(places)};
  }
  return std::nullopt;
}

Status verify_zeros(const Packed& packed, std::span<const std::byte> constants) {
  for (std::uint64_t row = 0; row < packed.rows; ++row) {
    const std::uint64_t last = packed.offset + (row * packed.groups + packed.groups - 1) * kGroupBytes;
    for (std::uint64_t channel = 0; channel < kChannelBlock; ++channel) {
      for (std::uint64_t i = static_cast<std::uint64_t>(packed.kept); i < kReduceGroup; ++i) {
        const std::uint64_t at = last + channel * kReduceGroup + i;
        if (constants[at] != std::byte{0})
          return fail(Code::kInvalidArgument,
                      "the packed weights have {} at const+{:#x}, which pads a group of {}; it must be 0",
                      static_cast<int>(static_cast<std::int8_t>(constants[at])), at, packed.kept);
      }
    }
  }
  return {};
}

}  // namespace

Status verify_padding(const Executable& executable) {
  std::set<Packed> seen;  // programs of several batches, and tiles of a layer, share their weights
  for (const Program& program : executable.programs) {
    for (std::uint32_t i = 0; i < program.instructions.size(); ++i) {
      const auto packed = packed_of(program.instructions[i].operation);
      if (!packed || packed->kept == kReduceGroup || !seen.insert(*packed).second) continue;
      if (Status zeros = verify_zeros(*packed, executable.constants); !zeros)
        return at_instruction(program, i, std::move(zeros).error());
    }
  }
  return {};
}

}  // namespace chengying::isa
