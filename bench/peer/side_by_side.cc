#include "peer/side_by_side.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include "cli/chip_source.h"
#include "cli/local_engine.h"
#include "compiler/compile.h"
#include "peer/ort.h"

namespace chengying::peer {
namespace {

constexpr std::uint16_t kThreads = 2;
constexpr std::size_t kRuns = 3;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

using Run = std::function<Result<std::vector<Tensor>>()>;

/// The last answer, and the median time of a few runs behind a first one.
Result<std::vector<Tensor>> timed(const Run& run, double& seconds) {
  TRY_ASSIGN(std::vector<Tensor> answer, run());
  std::vector<double> times;
  for (std::size_t i = 0; i < kRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    TRY_ASSIGN(answer, run());
    times.push_back(seconds_since(start));
  }
  std::ranges::sort(times);
  seconds = times[kRuns / 2];
  return answer;
}

double element(const Tensor& tensor, std::size_t i) {
  switch (tensor.dtype()) {
    case DType::kF32:
      return tensor.as<float>()[i];
    case DType::kI64:
      return static_cast<double>(tensor.as<std::int64_t>()[i]);
    case DType::kI32:
      return tensor.as<std::int32_t>()[i];
    default:
      return static_cast<double>(std::to_integer<int>(tensor.bytes()[i * size_of(tensor.dtype())]));
  }
}

std::vector<Tensor> inputs_of(const ModelRow& row, const isa::Program& program) {
  std::vector<Tensor> inputs;
  for (const isa::Binding& port : program.inputs)
    inputs.push_back(input_of(row, port.name, port.dtype, port.shape));
  return inputs;
}

/// All of the model's inputs in its order: those that were given a value, too.
Result<std::vector<Tensor>> peer_inputs(const ModelRow& row, const std::filesystem::path& path,
                                        const isa::Program& program, const std::vector<Tensor>& ours) {
  TRY_ASSIGN(const compiler::ModelSignature signature, compiler::signature_of({path, nullptr}));
  std::vector<Tensor> inputs;
  for (const auto& port : signature.inputs) {
    const auto found = std::ranges::find(program.inputs, port.name, &isa::Binding::name);
    if (found != program.inputs.end()) {
      inputs.push_back(ours[static_cast<std::size_t>(found - program.inputs.begin())]);
      continue;
    }
    Shape shape = port.shape;
    for (std::int64_t& size : shape) size = std::max<std::int64_t>(size, 1);
    inputs.push_back(input_of(row, port.name, port.dtype, shape));
  }
  return inputs;
}

std::string shapes_of(const isa::Program& program) {
  std::vector<std::string> shapes;
  for (const isa::Binding& port : program.inputs)
    shapes.push_back(fmt::format("{}", fmt::join(port.shape, "x")));
  constexpr std::size_t kShown = 3;
  const std::size_t more = shapes.size() > kShown ? shapes.size() - kShown : 0;
  shapes.resize(shapes.size() - more);
  std::string text = fmt::format("{}", fmt::join(shapes, " "));
  return more == 0 ? text : text + fmt::format(" and {} more", more);
}

}  // namespace

Status compare(const std::string& name, const Tensor& ours, const Tensor& theirs, SideBySide& result) {
  if (ours.shape() != theirs.shape() || ours.dtype() != theirs.dtype())
    return fail(Code::kInternal, "output '{}' is {}{}, ONNX Runtime's {}{}", name, name_of(ours.dtype()),
                to_string(ours.shape()), name_of(theirs.dtype()), to_string(theirs.shape()));
  double product = 0, our_squares = 0, their_squares = 0, largest = 0, difference = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(ours.elements()); ++i) {
    const double a = element(ours, i), b = element(theirs, i);
    if (std::isnan(a) != std::isnan(b))
      return fail(Code::kInternal, "output '{}' is NaN in one of the two", name);
    if (std::isnan(a) || a == b) continue;  // equal infinities have no difference
    difference = std::max(difference, std::abs(a - b));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(ours.elements()); ++i) {
    const double a = element(ours, i), b = element(theirs, i);
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    product += a * b;
    our_squares += a * a;
    their_squares += b * b;
    largest = std::max(largest, std::abs(b));
  }
  if (difference > 0) result.difference = std::max(result.difference, largest > 0 ? difference / largest : 1);
  const double lengths = std::sqrt(our_squares * their_squares);
  if (lengths > 0) result.cosine = std::min(result.cosine, product / lengths);
  return {};
}

Result<SideBySide> side_by_side(const ModelRow& row, const std::filesystem::path& repository) {
  const std::filesystem::path path = row.path(repository);
  SideBySide result;
  TRY_ASSIGN(const isa::ChipSpec host, cli::find_chip("host"));
  compiler::CompileOptions options;
  options.cores = kThreads;
  options.dimensions = row.dimensions;
  const auto start = std::chrono::steady_clock::now();
  TRY_ASSIGN(auto compiled, compiler::compile({path, nullptr}, host, options));
  result.compile_seconds = seconds_since(start);
  result.nodes = compiled.fusion.model_nodes;
  const auto executable = std::make_shared<const isa::Executable>(std::move(compiled.executable));
  const isa::Program& program = executable->programs.front();
  result.inputs = shapes_of(program);

  const std::vector<Tensor> inputs = inputs_of(row, program);
  TRY_ASSIGN(const std::vector<Tensor> all, peer_inputs(row, path, program, inputs));
  TRY_ASSIGN(auto ort, OrtSession::load(ort_library_path(repository), path, kThreads));
  TRY_ASSIGN(const auto theirs, timed([&] { return ort.run(all); }, result.peer_seconds));
  cli::LocalEngine engine(host, kThreads, kThreads);
  TRY(engine.load(executable));
  TRY_ASSIGN(const auto ours, timed([&] { return engine.run(1, inputs); }, result.our_seconds));
  for (std::size_t i = 0; i < ours.size(); ++i)
    TRY(compare(program.outputs[i].name, ours[i], theirs[i], result));
  return result;
}

}  // namespace chengying::peer
