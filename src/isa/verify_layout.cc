// Sizes and places of a program as a whole, before any instruction is looked at.
#include <algorithm>
#include <set>

#include "isa/limits.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

constexpr std::uint64_t kAlignment = 64;

Status verify_sizes(const Program& program, std::uint16_t cores, const ChipSpec& chip) {
  if (cores < 1 || cores > chip.cores)
    return fail(Code::kInvalidArgument, "a slice of {} cores; '{}' has {}", cores, chip.name, chip.cores);
  if (program.batch < 1 || program.batch > limits::kBatch)
    return fail(Code::kInvalidArgument, "batch {}; allowed: 1 to {}", program.batch, limits::kBatch);
  if (program.instructions.size() > limits::kInstructions)
    return fail(Code::kTooLarge, "{} instructions, the limit is {}", program.instructions.size(),
                limits::kInstructions);
  if (program.sram_bytes.size() != cores)
    return fail(Code::kInvalidArgument, "gives scratch for {} cores, the slice has {}",
                program.sram_bytes.size(), cores);
  for (std::size_t core = 0; core < program.sram_bytes.size(); ++core)
    if (program.sram_bytes[core] > static_cast<std::uint64_t>(chip.memory.sram_bytes))
      return fail(Code::kInvalidArgument, "{} bytes of scratch in the SRAM of core {}, which has {}",
                  program.sram_bytes[core], core, chip.memory.sram_bytes);
  return {};
}

Status verify_binding(const Binding& binding, std::uint64_t& free, std::set<std::string_view>& names) {
  if (binding.name.empty() || binding.name.size() > limits::kNameBytes)
    return fail(Code::kInvalidArgument, "a tensor's name has {} bytes; allowed: 1 to {}", binding.name.size(),
                limits::kNameBytes);
  if (!names.insert(binding.name).second)
    return fail(Code::kInvalidArgument, "two tensors are named '{}'", binding.name);
  if (binding.shape.size() > limits::kRank)
    return fail(Code::kTooLarge, "'{}' has {} dimensions, the limit is {}", binding.name,
                binding.shape.size(), limits::kRank);
  TRY_ASSIGN(const std::int64_t elements, element_count(binding.shape));
  if (elements > limits::kElements)
    return fail(Code::kTooLarge, "'{}' has {} elements, the limit is {}", binding.name, elements,
                limits::kElements);
  if (binding.offset % kAlignment != 0 || binding.offset < free || binding.offset > limits::kFileBytes)
    return fail(Code::kInvalidArgument, "'{}' lies at host+{:#x}; the next free multiple of {} is {:#x}",
                binding.name, binding.offset, kAlignment, free);
  free = (binding.offset + binding.bytes() + kAlignment - 1) / kAlignment * kAlignment;
  return {};
}

Status verify_arguments(const Program& program) {
  std::set<std::string_view> names;
  if (program.arguments.size() > limits::kArguments)
    return fail(Code::kTooLarge, "{} arguments, the limit is {}", program.arguments.size(),
                limits::kArguments);
  for (const Argument& argument : program.arguments) {
    if (argument.name.empty() || !names.insert(argument.name).second)
      return fail(Code::kInvalidArgument, "the argument name '{}' is empty or there twice", argument.name);
    if (argument.low < 0 || argument.low > argument.high || argument.high > limits::kElements)
      return fail(Code::kInvalidArgument, "argument '{}' from {} to {}; bounds within 0 to {} are needed",
                  argument.name, argument.low, argument.high, limits::kElements);
  }
  return {};
}

Status verify_bindings(const Program& program) {
  std::uint64_t free = 0;
  for (const auto* bindings : {&program.inputs, &program.outputs}) {
    std::set<std::string_view> names;
    if (bindings->size() > limits::kBindings)
      return fail(Code::kTooLarge, "{} tensors, the limit is {}", bindings->size(), limits::kBindings);
    for (const Binding& binding : *bindings) TRY(verify_binding(binding, free, names));
  }
  return {};
}

std::string text_of(const Residence& r) {
  return fmt::format("constants [{:#x}, {:#x}) at {}", r.constant_offset, r.constant_offset + r.bytes,
                     to_string(Address{r.space, r.core, r.offset}));
}

/// One residence by itself. `room` is where residences may lie in its memory: behind the scratch.
Status verify_residence(const Residence& r, const Program& program, std::uint64_t constant_bytes,
                        std::uint64_t dram_share, const ChipSpec& chip) {
  const bool aligned = (r.constant_offset | r.bytes | r.offset) % kAlignment == 0;
  if (!aligned || r.bytes == 0)
    return fail(Code::kInvalidArgument, "{}: offsets and size must be multiples of {}, and the size not 0",
                text_of(r), kAlignment);
  const std::uint64_t constant_room = (constant_bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (r.constant_offset > constant_room || r.bytes > constant_room - r.constant_offset)
    return fail(Code::kInvalidArgument, "{}: outside of the {} bytes of constants", text_of(r),
                constant_bytes);
  if (r.space == Space::kSram && r.core >= program.sram_bytes.size())
    return fail(Code::kInvalidArgument, "{}: the slice has {} cores", text_of(r), program.sram_bytes.size());
  if (r.space != Space::kSram && r.space != Space::kDram)
    return fail(Code::kInvalidArgument, "{}: constants can live in SRAM or DRAM only", text_of(r));
  const bool sram = r.space == Space::kSram;
  const std::uint64_t scratch = sram ? program.sram_bytes[r.core] : program.dram_bytes;
  const std::uint64_t room = sram ? static_cast<std::uint64_t>(chip.memory.sram_bytes) : dram_share;
  if (r.offset < scratch)
    return fail(Code::kInvalidArgument, "{}: overlaps the {} bytes of scratch there", text_of(r), scratch);
  if (r.offset > room || r.bytes > room - r.offset)
    return fail(Code::kInvalidArgument, "{}: that memory has {} bytes for the slice", text_of(r), room);
  return {};
}

Status verify_residences(const Program& program, std::uint64_t constant_bytes, std::uint64_t dram_share,
                         const ChipSpec& chip) {
  if (program.residences.size() > limits::kResidences)
    return fail(Code::kTooLarge, "{} residences, the limit is {}", program.residences.size(),
                limits::kResidences);
  for (const Residence& residence : program.residences)
    TRY(verify_residence(residence, program, constant_bytes, dram_share, chip));
  std::vector<Residence> sorted = program.residences;
  const auto place = [](const Residence& r) { return std::tuple(r.space, r.core, r.offset); };
  std::ranges::sort(sorted, {}, place);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const Residence &a = sorted[i - 1], &b = sorted[i];
    if (a.space == b.space && a.core == b.core && a.offset + a.bytes > b.offset)
      return fail(Code::kInvalidArgument, "{} overlaps {}", text_of(a), text_of(b));
  }
  return {};
}

}  // namespace

Status verify_layout(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
                     const ChipSpec& chip) {
  TRY(verify_sizes(program, cores, chip));
  const std::uint64_t dram_share =
      static_cast<std::uint64_t>(chip.memory.dram_bytes) * cores / static_cast<std::uint64_t>(chip.cores);
  if (program.dram_bytes > dram_share)
    return fail(Code::kInvalidArgument, "{} bytes of scratch in DRAM, the slice's share is {}",
                program.dram_bytes, dram_share);
  if (program.state_bytes % kAlignment != 0 || program.state_bytes > program.dram_bytes)
    return fail(Code::kInvalidArgument,
                "{} bytes of state; a multiple of {} within the {} bytes of scratch in DRAM is needed",
                program.state_bytes, kAlignment, program.dram_bytes);
  TRY(verify_arguments(program));
  TRY(verify_bindings(program));
  return verify_residences(program, constant_bytes, dram_share, chip);
}

}  // namespace chengying::isa
