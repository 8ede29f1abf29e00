// prediction SPEC PLOT.svg [REPEATS]: the time that the machine's own chip model predicts against the clock,
// for whole networks and for single layers; a table of both, their median errors, and a plot. SPEC is what
// `chengying calibrate` wrote, or a chip's name. Some minutes on an idle machine; on a busy one it refuses.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/local_engine.h"
#include "cli/plot.h"
#include "cli/probe.h"
#include "cli/table.h"
#include "compiler/compile.h"
#include "prediction_subjects.h"
#include "timing/timing.h"

namespace chengying::bench {
namespace {

constexpr int kRepeatsDefault = 9;
constexpr double kSecondsMin = 0.02;  // of one sample: short layers are run again and again

struct Comparison {
  std::string name;
  double predicted = 0, measured = 0;  // seconds
  double error() const { return predicted / measured - 1; }
};

std::vector<Tensor> any_inputs(const isa::Program& program) {
  std::mt19937 random(1);
  std::vector<Tensor> inputs;
  for (const isa::Binding& binding : program.inputs) {
    Tensor& input = inputs.emplace_back(binding.dtype, binding.shape);
    std::ranges::generate(input.bytes(), [&] { return static_cast<std::byte>(random()); });
  }
  return inputs;
}

Result<double> median_seconds(const isa::ChipSpec& chip, std::shared_ptr<const isa::Executable> executable,
                              int repeats) {
  cli::LocalEngine engine(chip, executable->cores, executable->cores);
  TRY(engine.load(executable));
  const std::vector<Tensor> inputs = any_inputs(executable->programs.front());
  const auto once = [&]() -> Result<double> {
    const auto start = std::chrono::steady_clock::now();
    TRY(engine.run(1, inputs));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  TRY(once());
  TRY_ASSIGN(const double first, once());
  const int runs = std::max(1, static_cast<int>(kSecondsMin / std::max(first, 1e-6)));
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    double sum = 0;
    for (int run = 0; run < runs; ++run) {
      TRY_ASSIGN(const double seconds, once());
      sum += seconds;
    }
    times.push_back(sum / runs);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

Result<Comparison> compare(const isa::ChipSpec& chip, const Subject& subject, std::uint16_t cores,
                           int repeats) {
  compiler::CompileOptions options;
  options.cores = cores;
  options.batches = {1};
  TRY_ASSIGN(auto output,
             compiler::compile({{}, std::make_shared<const std::string>(subject.onnx)}, chip, options));
  auto executable = std::make_shared<const isa::Executable>(std::move(output.executable));
  const timing::Timing timing = timing::walk(executable->programs.front(), chip, cores);
  // The launch is a hand-over to a thread of the service; a bench calls the engine from its own.
  const double launch = static_cast<double>(timing.launch_cycles) / chip.clock_hz;
  TRY_ASSIGN(const double measured, median_seconds(chip, executable, repeats));
  return Comparison{subject.name, timing.seconds(chip) - launch, measured};
}

double median_error(const std::vector<Comparison>& all) {
  std::vector<double> errors;
  for (const Comparison& comparison : all) errors.push_back(std::abs(comparison.error()));
  std::ranges::sort(errors);
  return errors.empty() ? 0 : errors[errors.size() / 2];
}

Result<std::vector<Comparison>> compare_all(const isa::ChipSpec& chip, const std::vector<Subject>& subjects,
                                            std::uint16_t cores, const char* what, int repeats) {
  std::vector<Comparison> all;
  cli::Table table({{what},
                    {"PREDICTED", cli::Align::kRight},
                    {"MEASURED", cli::Align::kRight},
                    {"ERROR", cli::Align::kRight}});
  for (const Subject& subject : subjects) {
    TRY_ASSIGN(const Comparison comparison, compare(chip, subject, cores, repeats));
    table.add({comparison.name, cli::duration_text(comparison.predicted),
               cli::duration_text(comparison.measured), fmt::format("{:+.1f} %", 100 * comparison.error())});
    all.push_back(comparison);
  }
  fmt::print("{}\nmedian error of {} {}s on {} cores: {}\n\n", table.text(), all.size(), what, cores,
             cli::percent_text(median_error(all)));
  return all;
}

cli::Plot plot_of(const isa::ChipSpec& chip, const std::vector<Comparison>& networks,
                  const std::vector<Comparison>& wide, const std::vector<Comparison>& layers) {
  cli::Plot plot{.title = chip.title + ": predicted against measured time",
                 .x_label = "measured seconds",
                 .y_label = "predicted seconds",
                 .series = {{.name = "networks, one core", .points = {}},
                            {.name = "networks, all cores", .points = {}},
                            {.name = "layers, one core", .points = {}},
                            {.name = "equal", .points = {}, .line = true}}};
  double lowest = 1, highest = 0;
  const auto add = [&](cli::PlotSeries& series, const std::vector<Comparison>& all, bool named) {
    for (const Comparison& c : all) {
      series.points.push_back({c.measured, c.predicted, named ? c.name : ""});
      lowest = std::min({lowest, c.measured, c.predicted});
      highest = std::max({highest, c.measured, c.predicted});
    }
  };
  add(plot.series[0], networks, true);
  add(plot.series[1], wide, false);
  add(plot.series[2], layers, false);
  plot.series[3].points = {{lowest, lowest, ""}, {highest, highest, ""}};
  return plot;
}

Status run(const std::string& spec, const std::string& path, int repeats) {
  TRY(cli::check_quiet(cli::quiet_share(), 0));
  TRY_ASSIGN(const isa::ChipSpec chip, cli::find_chip(spec));
  if (!chip.is_host)
    return fail(Code::kInvalidArgument, "{} is not this machine: its time can't be measured here", chip.name);
  const auto all_cores = static_cast<std::uint16_t>(chip.cores);
  TRY_ASSIGN(const auto networks, compare_all(chip, whole_networks(), 1, "network", repeats));
  TRY_ASSIGN(const auto wide, compare_all(chip, whole_networks(), all_cores, "network", repeats));
  TRY_ASSIGN(const auto layer_times, compare_all(chip, layers(), 1, "layer", repeats));
  TRY(cli::check_quiet(cli::quiet_share(), 0));
  return write_file_atomically(path, plot_of(chip, networks, wide, layer_times).svg());
}

}  // namespace
}  // namespace chengying::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: prediction SPEC PLOT.svg [REPEATS]\n");
    return 2;
  }
  const int repeats = argc > 3 ? std::max(1, std::atoi(argv[3])) : chengying::bench::kRepeatsDefault;
  const chengying::Status status = chengying::bench::run(argv[1], argv[2], repeats);
  if (!status) fmt::print(stderr, "prediction: {}\n", status.error().message);
  return status ? 0 : 1;
}
