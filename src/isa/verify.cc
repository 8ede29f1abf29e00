#include <algorithm>

#include "isa/limits.h"
#include "isa/program.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

Status verify_waits(const Instruction& instruction, std::uint32_t index) {
  for (std::size_t w = 0; w < instruction.waits.size(); ++w) {
    const std::uint32_t wait = instruction.waits[w];
    if (wait >= index)
      return fail(Code::kInvalidArgument, "waits for instruction {}, which is not before it", wait);
    if (w > 0 && wait <= instruction.waits[w - 1])
      return fail(Code::kInvalidArgument, "its waits are not in ascending order: {} before {}",
                  instruction.waits[w - 1], wait);
  }
  return {};
}

Status same_ports(std::string_view what, const std::vector<Binding>& a, const std::vector<Binding>& b,
                  std::int32_t batch) {
  const auto same = [](const Binding& x, const Binding& y) { return x.name == y.name && x.dtype == y.dtype; };
  if (std::ranges::equal(a, b, same)) return {};
  return fail(Code::kInvalidArgument,
              "the program for batch {} has other {} than the first; all must agree in names "
              "and element types",
              batch, what);
}

Status verify_whole(const Executable& executable, const ChipSpec& chip) {
  if (executable.chip != chip.name || executable.chip_digest != chip.digest)
    return fail(
        Code::kInvalidArgument,
        "compiled for chip '{}' with digest {}, but this is '{}' with digest {}; compile the model again",
        executable.chip, executable.chip_digest.hex().substr(0, 12), chip.name,
        chip.digest.hex().substr(0, 12));
  if (executable.programs.empty())
    return fail(Code::kInvalidArgument, "has no program; one or more are needed");
  const Program& first = executable.programs.front();
  for (std::size_t p = 0; p < executable.programs.size(); ++p) {
    const Program& program = executable.programs[p];
    if (p > 0 && program.batch <= executable.programs[p - 1].batch)
      return fail(Code::kInvalidArgument, "its programs are not in ascending order of batch: {} before {}",
                  executable.programs[p - 1].batch, program.batch);
    TRY(same_ports("inputs", first.inputs, program.inputs, program.batch));
    TRY(same_ports("outputs", first.outputs, program.outputs, program.batch));
    // Constants are loaded once, for all programs.
    if (program.residences != first.residences)
      return fail(Code::kInvalidArgument,
                  "the program for batch {} keeps its constants elsewhere than the first; all must agree",
                  program.batch);
    for (std::uint32_t i = 0; i < program.instructions.size(); ++i)
      if (program.instructions[i].layer >= executable.layers.size())
        return at_instruction(program, i,
                              Error{Code::kInvalidArgument,
                                    fmt::format("belongs to layer {}, but there are {}",
                                                program.instructions[i].layer, executable.layers.size())});
  }
  return {};
}

}  // namespace

std::unexpected<Error> at_instruction(const Program& program, std::uint32_t index, Error error) {
  return fail(error.code, "instruction {}: {}\n{}", index, error.message,
              print(program.instructions[index], index));
}

Status verify(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
              const ChipSpec& chip) {
  TRY(verify_layout(program, cores, constant_bytes, chip));
  const PlaceVerifier places(program, cores, constant_bytes, chip);
  Budget budget{limits::kCompareSteps};
  std::vector<std::vector<Access>> accesses;
  accesses.reserve(program.instructions.size());
  const auto verify_one = [&](const Instruction& instruction, std::uint32_t index) -> Status {
    if (instruction.core >= cores)
      return fail(Code::kInvalidArgument, "runs on core {} of a slice of {}", instruction.core, cores);
    TRY(verify_waits(instruction, index));
    TRY(verify_operation(instruction.operation, chip, budget));
    TRY(verify_lengths(instruction.operation, program));
    accesses.push_back(accesses_of(instruction.operation));
    for (const Access& access : accesses.back()) TRY(places.verify(instruction, access));
    return {};
  };
  for (std::uint32_t i = 0; i < program.instructions.size(); ++i)
    if (Status verified = verify_one(program.instructions[i], i); !verified)
      return at_instruction(program, i, std::move(verified).error());
  return verify_order(program, accesses, budget);
}

Status verify(const Executable& executable, const ChipSpec& chip) {
  if (Status whole = verify_whole(executable, chip); !whole)
    return within("executable", std::move(whole).error());
  for (const Program& program : executable.programs)
    if (Status verified = verify(program, executable.cores, executable.constants.size(), chip); !verified)
      return within(fmt::format("program for batch {}", program.batch), std::move(verified).error());
  if (Status padding = verify_padding(executable); !padding)
    return within("constants", std::move(padding).error());
  return {};
}

}  // namespace chengying::isa
