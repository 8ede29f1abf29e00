// Where each operand of an instruction lies, and whether its engine can get there.
#include <algorithm>

#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 60;  // sums of it and any extent don't wrap

std::string_view verb(const Access& access) {
  return access.write ? "writes" : "reads";
}

}  // namespace

PlaceVerifier::PlaceVerifier(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
                             const ChipSpec& chip)
    : program_(program),
      cores_(cores),
      constant_bytes_(constant_bytes),
      chip_(chip),
      residences_(program.residences) {}

Status PlaceVerifier::verify(const Instruction& instruction, const Access& access) const {
  const View& view = access.view;
  const Address& at = view.at;
  const std::uint64_t end = at.offset > kMaxOffset ? at.offset : at.offset + view.extent_bytes();
  const auto outside = [&](std::uint64_t room) -> Status {
    return fail(Code::kInvalidArgument, "{} {}, which ends at {:#x}, outside of the {:#x} bytes there",
                verb(access), to_string(view), end, room);
  };
  switch (at.space) {
    case Space::kConstant:
      return verify_constant(instruction, access, end);
    case Space::kHost:
      TRY(verify_host(access, end));
      break;
    case Space::kDram:
      if (end > program_.dram_bytes) return outside(program_.dram_bytes);
      break;
    case Space::kSram:
      if (at.core >= cores_)
        return fail(Code::kInvalidArgument, "{} {}; the slice has {} cores", verb(access), to_string(view),
                    cores_);
      if (end > program_.sram_bytes[at.core]) return outside(program_.sram_bytes[at.core]);
      break;
  }
  return verify_reach(instruction, at);
}

Status PlaceVerifier::verify_constant(const Instruction& instruction, const Access& access,
                                      std::uint64_t end) const {
  const View& view = access.view;
  if (access.write)
    return fail(Code::kInvalidArgument, "writes {}; constants are read only", to_string(view));
  if (end > constant_bytes_)
    return fail(Code::kInvalidArgument,
                "reads {}, which ends at {:#x}, outside of the {:#x} bytes of constants", to_string(view),
                end, constant_bytes_);
  const auto place = residences_.find(instruction.core, view.at.offset, end - view.at.offset);
  if (!place)
    return fail(Code::kInvalidArgument, "reads {}, which no residence puts whole into a memory of the slice",
                to_string(view));
  return verify_reach(instruction, *place);
}

Status PlaceVerifier::verify_host(const Access& access, std::uint64_t end) const {
  const std::uint64_t begin = access.view.at.offset;
  const auto holds = [&](const Binding& binding) {
    return binding.offset <= begin && end <= binding.offset + binding.bytes();
  };
  if (std::ranges::any_of(program_.outputs, holds)) return {};
  if (!std::ranges::any_of(program_.inputs, holds))
    return fail(Code::kInvalidArgument, "{} {}, which does not lie inside of one input or output",
                verb(access), to_string(access.view));
  if (access.write)
    return fail(Code::kInvalidArgument, "writes {}, an input; inputs are read only", to_string(access.view));
  return {};
}

Status PlaceVerifier::verify_reach(const Instruction& instruction, const Address& at) const {
  const Memory& memory = chip_.memory;
  const Engine engine = engine_of(instruction.operation);
  const auto refuse = [&](std::string_view what) -> Status {
    return fail(Code::kUnsupported, "the {} engine of core {} can't reach {} on '{}': {}", name_of(engine),
                instruction.core, to_string(at), chip_.name, what);
  };
  const bool moves = engine == Engine::kMemory;
  switch (at.space) {
    case Space::kConstant:
      return {};  // verify_constant asks about the place that it resolves to
    case Space::kHost:
      if (!moves && !memory.engines_reach_host)
        return refuse("only the memory engine reaches the host's tensors");
      return {};
    case Space::kDram:
      if (!moves && !memory.engines_reach_dram) return refuse("only the memory engine reaches DRAM");
      return {};
    case Space::kSram:
      if (at.core == instruction.core) return {};
      if (memory.ring_bytes_per_second == 0) return refuse("its cores don't reach each other's SRAM");
      if (!moves && !memory.engines_reach_other_cores)
        return refuse("only the memory engine reaches another core's SRAM");
      return {};
  }
  return {};
}

}  // namespace chengying::isa
