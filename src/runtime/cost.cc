#include "runtime/cost.h"

#include <algorithm>
#include <string>

#include "timing/timing.h"

namespace chengying::runtime {
namespace {

/// Ordered sizes of the programs.
std::vector<std::int32_t> sizes_of(const isa::Executable& executable) {
  std::vector<std::int32_t> sizes;
  for (const isa::Program& program : executable.programs) sizes.push_back(program.batch);
  std::ranges::sort(sizes);
  return sizes;
}

std::vector<std::int32_t> plan(const std::vector<std::int32_t>& sizes, bool splits, std::int32_t batch) {
  if (batch < 1 || batch > kMaxRequestBatch || sizes.empty()) return {};
  if (std::ranges::binary_search(sizes, batch)) return {batch};
  if (!splits) return {};
  std::vector<std::int32_t> pieces;
  for (std::int32_t left = batch; left > 0; left -= pieces.back()) {
    const auto above = std::ranges::upper_bound(sizes, left);
    pieces.push_back(above == sizes.begin() ? sizes.front() : *(above - 1));
  }
  return pieces;
}

/// Elements of a first dimension for each sample, 0 if the binding has none such.
std::int64_t rows_of(const isa::Binding& binding, std::int32_t batch) {
  return !binding.shape.empty() && batch >= 1 && binding.shape[0] % batch == 0 ? binding.shape[0] / batch : 0;
}

bool alike(const std::vector<isa::Binding>& a, std::int32_t a_batch, const std::vector<isa::Binding>& b,
           std::int32_t b_batch) {
  return std::ranges::equal(a, b, [&](const isa::Binding& x, const isa::Binding& y) {
    const std::int64_t rows = rows_of(x, a_batch);
    return rows > 0 && rows == rows_of(y, b_batch) && x.name == y.name && x.dtype == y.dtype &&
           std::ranges::equal(x.shape.begin() + 1, x.shape.end(), y.shape.begin() + 1, y.shape.end());
  });
}

RunCost cost_of_program(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
                        std::span<const std::int64_t> arguments) {
  const timing::Timing timing = timing::walk(program, chip, cores, arguments);
  return {timing.cycles, timing.picojoules, timing.cycles * cores, 0};
}

std::string names_of(const std::vector<isa::Argument>& arguments) {
  std::string names;
  for (const isa::Argument& argument : arguments) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", argument.name);
  }
  return names;
}

}  // namespace

Status check_arguments(const isa::Program& program, std::span<const std::int64_t> arguments) {
  if (arguments.size() != program.arguments.size()) {
    if (program.arguments.empty())
      return fail(Code::kInvalidArgument, "the program takes no arguments, {} were given", arguments.size());
    return fail(Code::kInvalidArgument, "the program takes {} arguments ({}), {} were given",
                program.arguments.size(), names_of(program.arguments), arguments.size());
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const isa::Argument& argument = program.arguments[i];
    if (arguments[i] < argument.low || arguments[i] > argument.high)
      return fail(Code::kInvalidArgument, "argument '{}' is {}; it must be {} to {}", argument.name,
                  arguments[i], argument.low, argument.high);
  }
  return {};
}

bool can_split_batches(const isa::Executable& executable) {
  if (executable.programs.empty()) return false;
  const isa::Program& first = executable.programs.front();
  return std::ranges::all_of(executable.programs, [&](const isa::Program& program) {
    return program.arguments.empty() &&
           alike(program.inputs, program.batch, first.inputs, first.batch) &&
           alike(program.outputs, program.batch, first.outputs, first.batch);
  });
}

std::vector<std::int32_t> plan_batch(const isa::Executable& executable, std::int32_t batch) {
  return plan(sizes_of(executable), can_split_batches(executable), batch);
}

CostTable::CostTable(const isa::Executable& executable, const isa::ChipSpec& chip)
    : chip_(std::make_shared<const isa::ChipSpec>(chip)),
      cores_(executable.cores),
      splits_(can_split_batches(executable)) {
  for (const isa::Program& program : executable.programs) {
    Entry& entry = programs_.emplace_back();
    entry.batch = program.batch;
    entry.cost = cost_of_program(program, chip, cores_, program.highest_arguments());
    if (!program.arguments.empty()) entry.program = std::make_shared<const isa::Program>(program);
  }
  std::ranges::sort(programs_, {}, &Entry::batch);
}

Result<RunCost> CostTable::cost_of(std::int32_t batch, std::span<const std::int64_t> arguments) const {
  std::vector<std::int32_t> sizes;
  for (const Entry& entry : programs_) sizes.push_back(entry.batch);
  const std::vector<std::int32_t> pieces = plan(sizes, splits_, batch);
  if (pieces.empty())
    return fail(Code::kInvalidArgument, "no program for a batch of {}; there are programs for {}", batch,
                fmt::join(sizes, ", "));
  RunCost sum;
  for (const std::int32_t piece : pieces) {
    const Entry& entry = *std::ranges::lower_bound(programs_, piece, {}, &Entry::batch);
    RunCost cost = entry.cost;
    if (!arguments.empty()) {
      static const isa::Program kWithoutArguments;
      TRY(check_arguments(entry.program == nullptr ? kWithoutArguments : *entry.program, arguments));
      cost = cost_of_program(*entry.program, *chip_, cores_, arguments);
    }
    sum.cycles += cost.cycles;
    sum.picojoules += cost.picojoules;
    sum.core_cycles += cost.core_cycles;
  }
  return sum;
}

Result<RunCost> cost_of(const isa::Executable& executable, const isa::ChipSpec& chip, std::int32_t batch,
                        std::span<const std::int64_t> arguments) {
  return CostTable(executable, chip).cost_of(batch, arguments);
}

}  // namespace chengying::runtime
