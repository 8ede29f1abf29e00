#include "cli/compare_models.h"

#include <algorithm>
#include <memory>

#include "cli/local_engine.h"

namespace chengying::cli {
namespace {

constexpr std::size_t kTimedRuns = 9;  // after one that is not timed

/// A model that is loaded.
class Running {
 public:
  static Result<Running> start(const compiler::ModelSource& model, const compiler::CompileOptions& options,
                               const isa::ChipSpec& chip) {
    Running running;
    TRY_ASSIGN(running.figures_.file_bytes, size_of_file(model));
    TRY_ASSIGN(auto compiled, compiler::compile(model, chip, options));
    running.executable_ = std::make_shared<const isa::Executable>(std::move(compiled.executable));
    running.figures_.constant_bytes = running.executable_->constants.size();
    running.engine_ =
        std::make_unique<LocalEngine>(chip, running.executable_->cores, default_threads(chip.cores));
    TRY(running.engine_->load(running.executable_));
    TRY_ASSIGN(const auto cost, running.engine_->cost_of(1));
    running.figures_.cycles = cost.cycles;
    return running;
  }

  Result<Tensor> first_output(const Sample& sample) {
    std::vector<Tensor> inputs;
    for (const isa::Binding& input : executable_->programs.front().inputs)
      inputs.push_back(sample.at(input.name));
    TRY_ASSIGN(std::vector<Tensor> outputs, engine_->run(1, inputs));
    return std::move(outputs.front());
  }

  Status time(const Sample& sample) {
    std::vector<std::uint64_t> times;
    for (std::size_t i = 0; i <= kTimedRuns; ++i) {
      TRY(first_output(sample));
      TRY_ASSIGN(const auto cost, engine_->cost_of(1));
      if (i > 0) times.push_back(cost.clock_ns);
    }
    std::ranges::nth_element(times, times.begin() + kTimedRuns / 2);
    figures_.seconds = 1e-9 * static_cast<double>(times[kTimedRuns / 2]);
    return {};
  }

  const ModelFigures& figures() const { return figures_; }

 private:
  static Result<std::uint64_t> size_of_file(const compiler::ModelSource& model) {
    if (model.bytes != nullptr) return model.bytes->size();
    std::error_code error;
    const auto size = std::filesystem::file_size(model.path, error);
    if (error) return fail(Code::kNotFound, "{}: {}", model.path.string(), error.message());
    return size;
  }

  std::shared_ptr<const isa::Executable> executable_;
  std::unique_ptr<LocalEngine> engine_;
  ModelFigures figures_;
};

std::size_t largest(const Tensor& tensor) {
  const auto elements = tensor.as<float>();
  return static_cast<std::size_t>(std::ranges::max_element(elements) - elements.begin());
}

Status count(const Tensor& before, const Tensor& after, const std::size_t* label, std::string_view sample,
             Comparison& result) {
  const std::size_t first = largest(before), second = largest(after);
  *result.same += first == second ? 1 : 0;
  if (label == nullptr) return {};
  if (*label >= static_cast<std::size_t>(before.elements())) {
    return fail(Code::kInvalidArgument, "the label of sample '{}' is {}; the model's classes are 0 to {}",
                sample, *label, before.elements() - 1);
  }
  *result.before.right += first == *label ? 1 : 0;
  *result.after.right += second == *label ? 1 : 0;
  return {};
}

}  // namespace

Result<Comparison> compare_models(const compiler::ModelSource& before, const compiler::ModelSource& after,
                                  const compiler::CompileOptions& options, const isa::ChipSpec& chip,
                                  const SampleSource& samples, std::span<const std::size_t> labels) {
  compiler::CompileOptions plain = options;
  plain.calibration.reset();  // the one stays as it is, the other is quantised already
  plain.batches = {1};
  plain.cores = static_cast<std::uint16_t>(default_threads(chip.cores));
  Comparison result{.before = {}, .after = {}, .samples = samples.size(), .same = std::nullopt};
  TRY_ASSIGN(Running real, Running::start(before, plain, chip));
  TRY_ASSIGN(Running rounded, Running::start(after, plain, chip));
  TRY_ASSIGN(const Sample first, samples.read(0));
  TRY_ASSIGN(const Tensor output, real.first_output(first));
  TRY(real.time(first));
  TRY(rounded.time(first));
  result.before = real.figures();
  result.after = rounded.figures();
  if (output.dtype() != DType::kF32 || output.elements() < 2) return result;
  result.same = 0;
  if (!labels.empty()) result.before.right = result.after.right = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (options.progress) options.progress("compare answers", i, samples.size());
    TRY_ASSIGN(const Sample sample, samples.read(i));
    TRY_ASSIGN(const Tensor a, real.first_output(sample));
    TRY_ASSIGN(const Tensor b, rounded.first_output(sample));
    TRY(count(a, b, labels.empty() ? nullptr : &labels[i], samples.name(i), result));
  }
  return result;
}

}  // namespace chengying::cli
