// chengying profile: where the time of a model goes: what the chip's model predicts beside what this machine
// measures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <random>

#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "cli/profile_files.h"
#include "cli/profile_rows.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct ProfileOptions {
  CompileFlags compile;
  std::int32_t batch = 0;  // 0: the model's own
  unsigned threads = 0;
  int repeats = 7;
  bool instructions = false;
  bool no_run = false;
  ProfileFiles files;
};

struct Measured {
  std::vector<double> instruction_ns;  // medians
  double run_seconds = 0;              // median of whole runs
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Tensors of a fixed seed: time never depends on data (law 3), but zeros would flatter some machines.
std::vector<Tensor> any_inputs(const isa::Program& program) {
  std::mt19937 random(1);
  std::vector<Tensor> inputs;
  for (const isa::Binding& binding : program.inputs) {
    Tensor& input = inputs.emplace_back(binding.dtype, binding.shape);
    if (binding.dtype == DType::kF32) {
      std::uniform_real_distribution<float> values(-1, 1);
      std::ranges::generate(input.as<float>(), [&] { return values(random); });
    } else {
      // 0 or 1: numbers that every table has.
      for (std::size_t i = 0; i < input.bytes().size(); i += size_of(binding.dtype))
        input.bytes()[i] = static_cast<std::byte>(random() & 1);
    }
  }
  return inputs;
}

Result<Measured> measure(const Ready& ready, const isa::Program& program, unsigned threads, int repeats) {
  chip::Engine engine(ready.chip, ready.executable->cores, threads);
  TRY(engine.load(ready.executable));
  const std::vector<Tensor> inputs = any_inputs(program);
  std::vector<Tensor> outputs;
  for (const isa::Binding& binding : program.outputs) outputs.emplace_back(binding.dtype, binding.shape);
  std::vector<std::span<const std::byte>> input_bytes;
  std::vector<std::span<std::byte>> output_bytes;
  for (const Tensor& input : inputs) input_bytes.push_back(input.bytes());
  for (Tensor& output : outputs) output_bytes.push_back(output.bytes());

  std::vector<std::vector<double>> samples(program.instructions.size());
  std::vector<double> runs;
  std::vector<chip::InstructionClock> clocks;
  const std::vector<std::int64_t> arguments = program.highest_arguments();
  for (int repeat = -1; repeat < repeats; ++repeat) {  // the first one warms up
    const auto start = std::chrono::steady_clock::now();
    if (const auto trap =
            engine.run(program, input_bytes, output_bytes, {.profile = &clocks, .arguments = arguments})) {
      return fail(Code::kInvalidArgument, "trap at instruction {}: {}", trap->instruction, trap->reason);
    }
    if (repeat < 0) continue;
    runs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    for (std::size_t i = 0; i < clocks.size(); ++i) {
      samples[i].push_back(static_cast<double>(clocks[i].end_ns - clocks[i].start_ns));
    }
  }
  Measured measured;
  for (auto& instruction : samples) measured.instruction_ns.push_back(median(std::move(instruction)));
  measured.run_seconds = median(std::move(runs));
  return measured;
}

void print_text(const std::vector<ProfileRow>& rows) {
  Table table({{"LAYER"},
               {"OPERATION"},
               {"MACS", Align::kRight},
               {"PREDICTED", Align::kRight},
               {"MEASURED", Align::kRight},
               {"RATIO", Align::kRight},
               {"OPS/S", Align::kRight},
               {"OF PEAK", Align::kRight}});
  for (const ProfileRow& row : rows) {
    const bool multiplies = row.macs > 0 && row.peak_ops_per_second > 0 && row.measured_seconds > 0;
    table.add({row.name, row.operation, grouped(row.macs), duration_text(row.predicted_seconds),
               row.measured_seconds > 0 ? duration_text(row.measured_seconds) : "-",
               row.predicted_seconds > 0 && row.measured_seconds > 0
                   ? fmt::format("{:.2f}", row.measured_seconds / row.predicted_seconds)
                   : "-",
               multiplies ? scaled_text(row.measured_ops_per_second()) : "-",
               multiplies ? percent_text(row.measured_share()) : "-"});
  }
  fmt::print("{}\n", table.text());
}

json::object json_of(const ProfileRow& row) {
  return {{"name", row.name},
          {"operation", row.operation},
          {"macs", row.macs},
          {"predicted_core_seconds", row.predicted_seconds},
          {"measured_thread_seconds", row.measured_seconds},
          {"measured_ops_per_second", row.measured_ops_per_second()},
          {"measured_share_of_peak", row.measured_share()}};
}

Status profile(const ProfileOptions& options, bool as_json) {
  TRY_ASSIGN(const Ready ready, make_ready(options.compile));
  const isa::Executable& executable = *ready.executable;
  const isa::Program* program =
      options.batch == 0 ? &executable.programs.front() : executable.program_for(options.batch);
  if (program == nullptr) {
    return fail(Code::kInvalidArgument, "{}: has no program for batch {}", options.compile.model,
                options.batch);
  }
  const unsigned threads = options.threads != 0 ? options.threads : default_threads(executable.cores);
  const timing::Timing timing = timing::walk(*program, ready.chip, executable.cores);
  TRY(write_profile_files(options.files, executable, *program, ready.chip, timing));
  Measured measured{.instruction_ns = std::vector<double>(program->instructions.size(), 0.0)};
  if (!options.no_run) {
    TRY_ASSIGN(measured, measure(ready, *program, threads, options.repeats));
  }
  const auto instructions =
      instruction_rows(executable, *program, ready.chip, timing, measured.instruction_ns);
  auto rows = options.instructions ? instructions : layer_rows(executable, *program, instructions);
  const ProfileRow total = total_of(instructions);
  if (as_json) {
    json::array array;
    for (const ProfileRow& row : rows) array.push_back(json_of(row));
    fmt::print("{}\n", json::serialize(json::object{{"chip", ready.chip.name},
                                                    {"cores", executable.cores},
                                                    {"threads", threads},
                                                    {"batch", program->batch},
                                                    {"kernels", chip::name_of(chip::best_kernels())},
                                                    {"predicted_seconds", timing.seconds(ready.chip)},
                                                    {"measured_seconds", measured.run_seconds},
                                                    {"total", json_of(total)},
                                                    {"rows", std::move(array)}}));
    return {};
  }
  rows.push_back(total);
  print_text(rows);
  if (options.no_run) {
    fmt::print("{} ({} core{}, batch {}): predicted {}; not run\n", ready.chip.name, executable.cores,
               executable.cores == 1 ? "" : "s", program->batch, duration_text(timing.seconds(ready.chip)));
    return {};
  }
  fmt::print(
      "{} ({} core{}, batch {}): predicted {}; measured {} on {} thread{} with {} kernels, median of {} "
      "runs\n",
      ready.chip.name, executable.cores, executable.cores == 1 ? "" : "s", program->batch,
      duration_text(timing.seconds(ready.chip)), duration_text(measured.run_seconds), threads,
      threads == 1 ? "" : "s", chip::name_of(chip::best_kernels()), options.repeats);
  if (!ready.chip.is_host)
    fmt::print("{} is not this machine: what is measured is how fast it is modelled\n", ready.chip.name);
  return {};
}

}  // namespace

void add_profile(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ProfileOptions>();
  app.add_option("MODEL", options->compile.model, "An ONNX model, or an executable (.cyx)")->required();
  app.add_option("--batch", options->batch, "Batch of the program")->check(CLI::Range(1, 1024));
  app.add_option("--threads", options->threads, "Threads of this machine (default: the slice's cores)")
      ->check(CLI::Range(1, 256));
  app.add_option("--repeat", options->repeats, "Runs to take the median of")->check(CLI::Range(1, 1000));
  app.add_flag("--instructions", options->instructions, "A row for each instruction, not for each layer");
  app.add_flag("--no-run", options->no_run, "Only predict; run nothing");
  app.add_option("--trace", options->files.trace,
                 "Write the prediction as a trace that Perfetto opens (.json)");
  app.add_option("--roofline", options->files.roofline, "Write the layers below the slice's roofline (.svg)");
  add_compile_flags(app, options->compile);
  on_run(app, invocation, [options, &invocation] {
    if (options->batch != 0) options->compile.batches = {options->batch};
    return profile(*options, invocation.json);
  });
}

}  // namespace chengying::cli
