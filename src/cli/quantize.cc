// chengying quantize: an fp32 model to an int8 one, as ONNX that other engines run too, and a report of what
// that did to it.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <limits>
#include <memory>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/progress.h"
#include "cli/quantize_report.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

constexpr double kDbMax = 200;

struct QuantizeOptions {
  CompileFlags flags;
  compiler::QuantiseOptions quantise;
  std::string output, report, labels, evaluate;
  std::size_t evaluate_limit = 1000;
  std::optional<std::size_t> keep;
  bool no_equalise = false;
};

/// A number of layers alone keeps so many; a target alone, as many as it takes.
compiler::QuantiseOptions chosen(const QuantizeOptions& options) {
  compiler::QuantiseOptions quantise = options.quantise;
  quantise.equalise = !options.no_equalise;
  quantise.keep = options.keep.value_or(quantise.target_db ? std::numeric_limits<std::size_t>::max() : 0);
  return quantise;
}

Status check(const QuantizeOptions& options) {
  const compiler::QuantiseOptions quantise = chosen(options);
  if (quantise.compared == 0 && quantise.keep > 0)
    return fail(Code::kInvalidArgument,
                "--compare 0 measures nothing, and --keep and --target-snr go by what is measured");
  return {};
}

/// What the answers are compared on, and their labels.
struct Evaluation {
  SampleSource samples;
  std::vector<std::size_t> labels;
};

Result<Evaluation> evaluation_of(const QuantizeOptions& options, const Described& model) {
  const bool own = !options.evaluate.empty();
  Evaluation evaluation;
  TRY_ASSIGN(
      evaluation.samples,
      SampleSource::open(own ? options.evaluate : options.flags.calibrate, model.inputs, model.preprocessing,
                         own ? options.evaluate_limit : options.flags.calibrate_limit));
  if (options.labels.empty()) return evaluation;
  TRY_ASSIGN(evaluation.labels, read_labels(options.labels, evaluation.samples));
  return evaluation;
}

Result<QuantizeReport> quantize(const QuantizeOptions& options) {
  TRY(check(options));
  TRY_ASSIGN(const Described model, describe_model(options.flags));
  TRY_ASSIGN(const isa::ChipSpec host, find_chip("host", options.flags.chips_folder));
  TRY_ASSIGN(const Evaluation evaluation, evaluation_of(options, model));
  TRY_ASSIGN(auto compile_options, compile_options_of(options.flags, model, host, 1));
  Progress progress;
  compile_options.progress = [&](std::string_view what, std::size_t done, std::size_t total) {
    progress.show(what, done, total);
  };
  const compiler::ModelSource source{options.flags.model, nullptr};
  const compiler::QuantiseOptions quantise = chosen(options);
  TRY_ASSIGN(auto quantised, compiler::quantise_model(source, compile_options, quantise));
  const auto onnx = std::make_shared<const std::string>(std::move(quantised.onnx));
  TRY(write_file_atomically(options.output, std::string_view(*onnx)));
  QuantizeReport report;
  TRY_ASSIGN(report.comparison, compare_models(source, {{}, onnx}, compile_options, host, evaluation.samples,
                                               evaluation.labels));
  const std::size_t samples = compile_options.calibration->samples.size();
  report.model = options.flags.model;
  report.output = options.output;
  report.chip = host.name;
  report.method = name_of(options.flags.method);
  report.calibrated = samples;
  report.measured = std::min(samples, quantise.compared);
  report.compared_on = options.evaluate.empty() ? options.flags.calibrate : options.evaluate;
  report.answer_db = quantised.answer_db;
  report.layers = std::move(quantised.layers);
  report.notes = std::move(quantised.notes);
  return report;
}

Status run(const QuantizeOptions& options, bool as_json) {
  TRY_ASSIGN(const QuantizeReport report, quantize(options));
  if (!options.report.empty()) TRY(write_file_atomically(options.report, std::string_view(html_of(report))));
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(json_of(report)));
    return {};
  }
  fmt::print("{}\nwrote {}, {}, ranges from {} samples\n", text_of(report), report.output,
             bytes_text(static_cast<double>(report.comparison.after.file_bytes)), report.calibrated);
  if (!options.report.empty()) fmt::print("wrote {}, a page that shows it\n", options.report);
  return {};
}

}  // namespace

void add_quantize(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<QuantizeOptions>();
  app.add_option("MODEL", options->flags.model, "An fp32 ONNX model")->required();
  app.add_option("--output,-o", options->output, "The int8 model (QuantizeLinear, DequantizeLinear)")
      ->required();
  add_model_flags(app, options->flags);
  app.get_option("--calibrate")->required();
  app.add_option("--report", options->report, "Write the report as a page, FILE.html");
  app.add_option(
      "--labels", options->labels,
      "File with the right class of each sample, a line each: CLASS in the order of their names, or "
      "NAME CLASS. Gives top-1 before and after");
  app.add_option(
      "--evaluate", options->evaluate,
      "Samples to compare the answers on, which the labels are of (default: those of --calibrate)");
  app.add_option("--evaluate-limit", options->evaluate_limit, "At most this many of them")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option(
      "--keep", options->keep,
      "Keep at most N layers in real numbers, with weights in bf16: those that lose most as bytes");
  app.add_option("--target-snr", options->quantise.target_db,
                 "Keep layers so until the answer's signal to noise is DB decibels")
      ->check(CLI::Range(0.0, kDbMax));
  app.add_option("--compare", options->quantise.compared,
                 "Samples by which layers are measured (0: not at all)")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_flag("--no-equalise", options->no_equalise, "Leave the channels between layers as they are");
  on_run(app, invocation, [options, &invocation] { return run(*options, invocation.json); });
}

}  // namespace chengying::cli
