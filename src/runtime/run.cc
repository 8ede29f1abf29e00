#include "runtime/run.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "runtime/cost.h"

namespace chengying::runtime {
namespace {

/// The shape of a binding of `program` for another batch.
Shape shape_for(const isa::Binding& binding, const isa::Program& program, std::int32_t batch) {
  Shape shape = binding.shape;
  if (batch != program.batch) shape[0] = shape[0] / program.batch * batch;
  return shape;
}

/// The program whose bindings describe a request of `batch`: its own, or any when batches can be split.
const isa::Program& program_like(const isa::Executable& executable, std::int32_t batch) {
  const isa::Program* exact = executable.program_for(batch);
  return exact != nullptr ? *exact : executable.programs.front();
}

Status run_program(chip::Engine& engine, const isa::Program& program,
                   std::span<const std::span<const std::byte>> inputs,
                   std::span<const std::span<std::byte>> outputs, const chip::RunOptions& options) {
  if (const auto trap = engine.run(program, inputs, outputs, options))
    return fail(Code::kInvalidArgument, "trap at instruction {} of the program for batch {}: {}",
                trap->instruction, program.batch, trap->reason);
  return {};
}

/// The bytes of a binding of `program` for another batch.
std::size_t bytes_for(const isa::Binding& binding, const isa::Program& program, std::int32_t batch) {
  const auto samples = static_cast<std::size_t>(program.batch);
  return batch == program.batch ? binding.bytes()
                                : binding.bytes() / samples * static_cast<std::size_t>(batch);
}

Status check_plan(const isa::Executable& executable, std::int32_t batch) {
  if (!plan_batch(executable, batch).empty()) return {};
  std::vector<std::int32_t> sizes;
  for (const isa::Program& program : executable.programs) sizes.push_back(program.batch);
  return fail(Code::kInvalidArgument, "no program for a batch of {}; there are programs for {}", batch,
              fmt::join(sizes, ", "));
}

template <class Spans>
Status check_sizes(std::string_view what, const Spans& spans, const std::vector<isa::Binding>& bindings,
                   const isa::Program& program, std::int32_t batch) {
  if (spans.size() != bindings.size())
    return fail(Code::kInvalidArgument, "the program has {} {}s, {} were given", bindings.size(), what,
                spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const std::size_t should = bytes_for(bindings[i], program, batch);
    if (spans[i].size() != should)
      return fail(Code::kInvalidArgument, "{} '{}' has {} bytes; for a batch of {} it must have {}", what,
                  bindings[i].name, spans[i].size(), batch, should);
  }
  return {};
}

/// All samples of one binding, one after another: [plan's sum][sample].
struct Column {
  std::size_t sample_bytes = 0;
  AlignedBytes bytes;
  std::span<std::byte> samples(std::int32_t first, std::int32_t count) {
    return bytes.span().subspan(sample_bytes * static_cast<std::size_t>(first),
                                sample_bytes * static_cast<std::size_t>(count));
  }
};

std::vector<Column> make_columns(const std::vector<isa::Binding>& bindings, std::int32_t batch,
                                 std::int32_t samples) {
  std::vector<Column> columns;
  for (const isa::Binding& binding : bindings) {
    const std::size_t sample_bytes = binding.bytes() / static_cast<std::size_t>(batch);
    columns.push_back({sample_bytes, AlignedBytes(sample_bytes * static_cast<std::size_t>(samples))});
  }
  return columns;
}

void gather_inputs(std::span<const Part> parts, std::vector<Column>& columns) {
  std::int32_t first = 0;
  for (const Part& part : parts) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      std::ranges::copy(part.buffers.inputs[i], columns[i].samples(first, part.batch).begin());
    first += part.batch;
  }
}

void scatter_outputs(std::vector<Column>& columns, std::span<Part> parts) {
  std::int32_t first = 0;
  for (Part& part : parts) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      std::ranges::copy(columns[i].samples(first, part.batch), part.buffers.outputs[i].begin());
    first += part.batch;
  }
}

Status run_joined(chip::Engine& engine, const isa::Executable& executable, std::span<const std::int32_t> plan,
                  std::span<Part> parts, const chip::RunOptions& options) {
  const isa::Program& any = executable.programs.front();
  const std::int32_t samples = std::reduce(plan.begin(), plan.end());
  std::vector<Column> inputs = make_columns(any.inputs, any.batch, samples);
  std::vector<Column> outputs = make_columns(any.outputs, any.batch, samples);
  gather_inputs(parts, inputs);
  std::int32_t first = 0;
  for (const std::int32_t batch : plan) {
    std::vector<std::span<const std::byte>> from;
    std::vector<std::span<std::byte>> to;
    for (Column& column : inputs) from.push_back(column.samples(first, batch));
    for (Column& column : outputs) to.push_back(column.samples(first, batch));
    TRY(run_program(engine, *executable.program_for(batch), from, to, options));
    first += batch;
  }
  scatter_outputs(outputs, parts);
  return {};
}

}  // namespace

Status check_inputs(const isa::Executable& executable, std::int32_t batch, std::span<const Tensor> inputs) {
  TRY(check_plan(executable, batch));
  const isa::Program& program = program_like(executable, batch);
  if (inputs.size() != program.inputs.size())
    return fail(Code::kInvalidArgument, "the program takes {} inputs, {} were given", program.inputs.size(),
                inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const isa::Binding& binding = program.inputs[i];
    const Shape shape = shape_for(binding, program, batch);
    if (inputs[i].dtype() != binding.dtype || inputs[i].shape() != shape)
      return fail(Code::kInvalidArgument, "input '{}' is {}{}; for a batch of {} it must be {}{}",
                  binding.name, name_of(inputs[i].dtype()), to_string(inputs[i].shape()), batch,
                  name_of(binding.dtype), to_string(shape));
  }
  return {};
}

std::vector<Tensor> make_outputs(const isa::Executable& executable, std::int32_t batch) {
  const isa::Program& program = program_like(executable, batch);
  std::vector<Tensor> outputs;
  for (const isa::Binding& binding : program.outputs)
    outputs.emplace_back(binding.dtype, shape_for(binding, program, batch));
  return outputs;
}

Status check_buffers(const isa::Executable& executable, std::int32_t batch, const Buffers& buffers) {
  TRY(check_plan(executable, batch));
  const isa::Program& program = program_like(executable, batch);
  TRY(check_sizes("input", buffers.inputs, program.inputs, program, batch));
  return check_sizes("output", buffers.outputs, program.outputs, program, batch);
}

Status check_request(const isa::Executable& executable, const Work& work) {
  TRY(work.buffers ? check_buffers(executable, work.batch, *work.buffers)
                   : check_inputs(executable, work.batch, work.inputs));
  return check_arguments(program_like(executable, work.batch), work.arguments);
}

Status check_fence(const Work& work, std::int64_t fence) {
  if (work.fence == fence) return {};
  return fail(Code::kConflict, "the request is of grant {}, the slice of grant {}", work.fence, fence);
}

Buffers buffers_of(std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  Buffers buffers;
  for (const Tensor& input : inputs) buffers.inputs.push_back(input.bytes());
  for (Tensor& output : outputs) buffers.outputs.push_back(output.bytes());
  return buffers;
}

Status run_parts(chip::Engine& engine, const isa::Executable& executable, std::span<Part> parts,
                 const chip::RunOptions& options) {
  std::int32_t samples = 0;
  for (const Part& part : parts) samples += part.batch;
  const std::vector<std::int32_t> plan = plan_batch(executable, samples);
  CHECK(!plan.empty());
  if (parts.size() > 1 || plan.size() > 1 || plan[0] != samples)
    return run_joined(engine, executable, plan, parts, options);

  const Buffers& buffers = parts[0].buffers;  // straight from and to the request's own bytes
  return run_program(engine, *executable.program_for(samples), buffers.inputs, buffers.outputs, options);
}

Result<std::vector<Tensor>> run_alone(chip::Engine& engine, const isa::Executable& executable,
                                      std::int32_t batch, std::span<const Tensor> inputs,
                                      const chip::RunOptions& options) {
  std::vector<Tensor> outputs = make_outputs(executable, batch);
  Part part{batch, buffers_of(inputs, outputs)};
  TRY(run_parts(engine, executable, {&part, 1}, options));
  return outputs;
}

}  // namespace chengying::runtime
