#include "cloud/request_shape.h"

#include <algorithm>

#include "base/check.h"
#include "runtime/cost.h"

namespace chengying::cloud {

namespace {
std::vector<Port> ports_of(const std::vector<isa::Binding>& bindings, std::int32_t batch) {
  std::vector<Port> ports;
  for (const isa::Binding& binding : bindings) {
    Port& port = ports.emplace_back(Port{binding.name, binding.dtype, binding.shape});
    if (!port.shape.empty() && port.shape.front() % batch == 0) port.shape.front() = -1;
  }
  return ports;
}

std::string describe(DType dtype, const Shape& shape) {
  return fmt::format("{}{}", name_of(dtype), chengying::to_string(shape));
}

bool fits(const Tensor& tensor, const Port& port) {
  if (tensor.dtype() != port.dtype || tensor.shape().size() != port.shape.size()) return false;
  for (std::size_t i = 0; i < port.shape.size(); ++i) {
    if (port.shape[i] != -1 && port.shape[i] != tensor.shape()[i]) return false;
  }
  return true;
}

/// Rows of the leading dimension that one sample has.
std::int64_t rows_per_sample(const isa::Executable& executable, std::size_t input) {
  const isa::Program& program = executable.programs.front();
  const Shape& shape = program.inputs[input].shape;
  return shape.empty() ? 1 : std::max<std::int64_t>(1, shape.front() / program.batch);
}

Result<std::int32_t> batch_of(const isa::Executable& executable, const Signature& signature,
                              const std::vector<Tensor>& tensors) {
  std::int64_t batch = -1;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (signature.inputs[i].shape.empty() || signature.inputs[i].shape.front() != -1) continue;
    const std::int64_t rows = rows_per_sample(executable, i);
    const std::int64_t leading = tensors[i].shape().front();
    if (leading < 1 || leading % rows != 0 || leading / rows > runtime::kMaxRequestBatch) {
      return fail(Code::kInvalidArgument,
                  "input \"{}\" has {} rows: it needs a multiple of {}, at least one and at most {}",
                  signature.inputs[i].name, leading, rows, rows * runtime::kMaxRequestBatch);
    }
    if (batch != -1 && batch != leading / rows) {
      return fail(Code::kInvalidArgument, "input \"{}\" has a batch of {}, the inputs before it one of {}",
                  signature.inputs[i].name, leading / rows, batch);
    }
    batch = leading / rows;
  }
  return static_cast<std::int32_t>(batch == -1 ? executable.programs.front().batch : batch);
}
}  // namespace

Signature signature_of_executable(const isa::Executable& executable) {
  CHECK(!executable.programs.empty());
  const isa::Program& program = executable.programs.front();
  return {ports_of(program.inputs, program.batch), ports_of(program.outputs, program.batch),
          program.arguments};
}

Result<OrderedInputs> order_inputs(const isa::Executable& executable, const Signature& signature,
                                   std::vector<NamedTensor> inputs) {
  OrderedInputs ordered;
  std::vector<bool> used(inputs.size(), false);
  for (const Port& port : signature.inputs) {
    const auto it = std::ranges::find(inputs, port.name, &NamedTensor::name);
    if (it == inputs.end()) {
      return fail(Code::kInvalidArgument, "input \"{}\" ({}) is missing", port.name,
                  describe(port.dtype, port.shape));
    }
    if (!fits(it->tensor, port)) {
      return fail(Code::kInvalidArgument, "input \"{}\" is {}, the model takes {}", port.name,
                  describe(it->tensor.dtype(), it->tensor.shape()), describe(port.dtype, port.shape));
    }
    used[static_cast<std::size_t>(it - inputs.begin())] = true;
    ordered.tensors.push_back(std::move(it->tensor));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!used[i]) {
      return fail(Code::kInvalidArgument, "input \"{}\" is not one of the model's, or there twice",
                  inputs[i].name.substr(0, 128));
    }
  }
  TRY_ASSIGN(ordered.batch, batch_of(executable, signature, ordered.tensors));
  return ordered;
}

Result<std::vector<std::int64_t>> order_arguments(const Signature& signature, const Arguments& arguments) {
  std::vector<std::int64_t> ordered;
  for (const isa::Argument& port : signature.arguments) {
    const auto given = arguments.find(port.name);
    if (given == arguments.end()) {
      return fail(Code::kInvalidArgument, "argument \"{}\" ({} to {}) is missing", port.name, port.low,
                  port.high);
    }
    if (given->second < port.low || given->second > port.high) {
      return fail(Code::kInvalidArgument, "argument \"{}\" is {}, the model takes {} to {}", port.name,
                  given->second, port.low, port.high);
    }
    ordered.push_back(given->second);
  }
  for (const auto& [name, value] : arguments) {
    if (std::ranges::find(signature.arguments, name, &isa::Argument::name) == signature.arguments.end()) {
      return fail(Code::kInvalidArgument, "argument \"{}\" is not one of the model's", name.substr(0, 128));
    }
  }
  return ordered;
}

std::string to_text(std::span<const std::int64_t> arguments) {
  return fmt::format("{}", fmt::join(arguments, ","));
}

}  // namespace chengying::cloud
