// chengying run: a model or an executable on inputs from files, here and now, without a service.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "cli/named_numbers.h"
#include "cli/price.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "cli/tensor_files.h"
#include "cloud/request_shape.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kTopDefault = 5;

struct RunOptions {
  CompileFlags compile;
  std::vector<std::string> inputs;
  std::string output;
  std::size_t top = 0;     // 0: as the output suggests
  std::int32_t batch = 0;  // 0: the model's own
  unsigned threads = 0;
  std::vector<std::string> arguments;
};

struct RunResult {
  std::vector<NamedTensor> outputs;
  std::int32_t batch = 1;
  std::uint16_t cores = 1;
  runtime::RunCost cost;
  std::optional<Price> price;
};

/// The batch of a request: the inputs' first dimension where the model leaves it open.
std::int32_t batch_of(const isa::Executable& executable, const std::vector<Tensor>& inputs) {
  const isa::Program& program = executable.programs.front();
  if (inputs.empty()) return program.batch;
  const Shape& bound = program.inputs.front().shape;
  const Shape& given = inputs.front().shape();
  if (bound.empty() || given.empty() || bound[0] < 1) return program.batch;
  return static_cast<std::int32_t>(given[0] * program.batch / bound[0]);
}

/// One sample for a larger batch is taken that many times.
void fill_batch(std::int32_t batch, std::vector<Tensor>& inputs) {
  for (Tensor& input : inputs) {
    if (batch > 1 && !input.shape().empty() && input.shape()[0] == 1) input = repeat_row(input, batch);
  }
}

Result<RunResult> run_ready(const Ready& ready, const RunOptions& options) {
  TRY_ASSIGN(auto inputs, read_inputs(options.inputs, ready.model.inputs, ready.model.preprocessing));
  fill_batch(options.batch, inputs);
  RunResult result;
  result.cores = ready.executable->cores;
  result.batch = batch_of(*ready.executable, inputs);
  TRY_ASSIGN(const auto named, named_numbers("--argument", options.arguments));
  TRY_ASSIGN(const std::vector<std::int64_t> arguments,
             cloud::order_arguments(cloud::signature_of_executable(*ready.executable), named));
  LocalEngine engine(ready.chip, result.cores,
                     options.threads != 0 ? options.threads : default_threads(result.cores));
  TRY(engine.load(ready.executable));
  TRY_ASSIGN(auto outputs, engine.run(result.batch, inputs, arguments));
  TRY_ASSIGN(result.cost, engine.cost_of(result.batch, arguments));
  TRY_ASSIGN(result.price, price_of_work(ready.chip, result.cores, result.cost.cycles));
  const auto& bindings = ready.executable->programs.front().outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    result.outputs.push_back({bindings[i].name, std::move(outputs[i])});
  }
  return result;
}

double seconds_of(const Ready& ready, const RunResult& result) {
  return static_cast<double>(result.cost.cycles) / ready.chip.clock_hz;
}

json::object json_of(const NamedTensor& named, std::size_t top, const std::vector<std::string>& labels) {
  json::object output = {{"name", named.name},
                         {"dtype", name_of(named.tensor.dtype())},
                         {"shape", json::value_from(named.tensor.shape())}};
  if (!is_classification(named.tensor)) return output;
  json::array rows;
  for (const auto& row : top_answers(named.tensor, top, labels)) {
    json::array answers;
    for (const Answer& answer : row) {
      answers.push_back(
          json::object{{"index", answer.index}, {"label", answer.label}, {"value", answer.value}});
    }
    rows.push_back(std::move(answers));
  }
  output["top"] = std::move(rows);
  return output;
}

void print_json(const Ready& ready, const RunResult& result, const RunOptions& options) {
  json::array outputs;
  const auto labels = labels_of(ready.model.metadata);
  for (const NamedTensor& named : result.outputs) {
    outputs.push_back(json_of(named, options.top != 0 ? options.top : kTopDefault, labels));
  }
  json::object document = {{"model", options.compile.model},
                           {"chip", ready.chip.name},
                           {"cores", result.cores},
                           {"batch", result.batch},
                           {"cycles", result.cost.cycles},
                           {"clock_hz", ready.chip.clock_hz},
                           {"seconds", seconds_of(ready, result)},
                           {"picojoules", result.cost.picojoules},
                           {"measured_seconds", static_cast<double>(result.cost.clock_ns) * 1e-9},
                           {"outputs", std::move(outputs)}};
  if (result.price) {
    document["price"] = json::object{{"amount", billing::to_string(result.price->amount)},
                                     {"currency", result.price->currency},
                                     {"offer", result.price->offer}};
  }
  fmt::print("{}\n", json::serialize(document));
}

void print_answers(const NamedTensor& named, std::size_t top, const std::vector<std::string>& labels) {
  if (!is_classification(named.tensor)) {
    fmt::print("{}\n", summary_of(named));
    return;
  }
  const auto rows = top_answers(named.tensor, top, labels);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.size() > 1) fmt::print("{}[{}]\n", named.name, row);
    Table table({{"CLASS", Align::kRight}, {"NAME"}, {named.name, Align::kRight}});
    for (const Answer& answer : rows[row]) {
      table.add({fmt::format("{}", answer.index), answer.label, fmt::format("{:.4f}", answer.value)});
    }
    fmt::print("{}\n", table.text());
  }
}

void print_text(const Ready& ready, const RunResult& result, const RunOptions& options) {
  const auto labels = labels_of(ready.model.metadata);
  for (const NamedTensor& named : result.outputs) {
    if (options.top != 0 || options.output.empty()) {
      print_answers(named, options.top != 0 ? options.top : kTopDefault, labels);
    }
  }
  if (!options.output.empty()) fmt::print("wrote {}\n", options.output);
  const double seconds = seconds_of(ready, result);
  fmt::print("{} ({} core{}, batch {}): {} cycles, {}, {}", ready.chip.name, result.cores,
             result.cores == 1 ? "" : "s", result.batch, grouped(result.cost.cycles), duration_text(seconds),
             energy_text(static_cast<double>(result.cost.picojoules) * 1e-12));
  if (result.price) {
    fmt::print(", {} {} ({})", billing::to_string(result.price->amount), result.price->currency,
               result.price->offer);
  }
  fmt::print("\nmeasured on this machine: {}\n",
             duration_text(static_cast<double>(result.cost.clock_ns) * 1e-9));
}

Status run(const RunOptions& options, bool as_json) {
  TRY_ASSIGN(const Ready ready, make_ready(options.compile));
  TRY_ASSIGN(const RunResult result, run_ready(ready, options));
  if (!options.output.empty()) TRY(write_tensor_file(options.output, result.outputs));
  as_json ? print_json(ready, result, options) : print_text(ready, result, options);
  return {};
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<RunOptions>();
  app.add_option("MODEL", options->compile.model, "An ONNX model, or an executable (.cyx)")->required();
  app.add_option("--input", options->inputs,
                 "[NAME=]FILE: a photograph (.jpg, .png) or a tensor (.npy, .npz, .pb); several for one "
                 "input are a batch");
  app.add_option("--output", options->output, "Write the outputs to this .npz (or .npy, .pb: one output)");
  app.add_option("--top", options->top, "Print the K largest of a classifier's answers")
      ->check(CLI::Range(1, 1000));
  app.add_option("--batch", options->batch,
                 "Compile for this batch; a single sample is taken that many times")
      ->check(CLI::Range(1, 1024));
  app.add_option("--threads", options->threads, "Threads of this machine (default: the slice's cores)")
      ->check(CLI::Range(1, 256));
  app.add_option("--argument", options->arguments,
                 "NAME=NUMBER: how long a sequence is, for an executable that asks for it");
  add_compile_flags(app, options->compile);
  on_run(app, invocation, [options, &invocation] {
    if (options->batch != 0) options->compile.batches = {options->batch};
    return run(*options, invocation.json);
  });
}

}  // namespace chengying::cli
