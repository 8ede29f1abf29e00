// prediction SPEC PLOT.svg [ROUNDS]: the time that the machine's own chip model predicts against the clock,
// for whole networks and for single layers, which run in turn; a table of both, their median errors, and a
// plot. SPEC is what `chengying calibrate` wrote, or a chip's name. Some minutes on an idle machine; on a
// busy one it refuses.
#include <fmt/format.h>

#include <algorithm>
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
#include "cli/turns.h"
#include "compiler/compile.h"
#include "least_seconds.h"
#include "prediction_subjects.h"
#include "timing/timing.h"

namespace chengying::bench {
namespace {

constexpr int kRoundsDefault = 17;
constexpr double kSampleSeconds = 2e-3;  // short layers are run again and again

/// Seconds: the lowest eighth of the samples, and their middle (cli/turns.h).
struct Comparison {
  std::string name;
  double predicted = 0, measured = 0, middle = 0;
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

/// What a slice finds on a machine where no other slice runs. Its share of DRAM is about what its cores can
/// draw, but a CPU's cache is not divided: it has all of it.
isa::ChipSpec alone(isa::ChipSpec chip, std::uint16_t cores) {
  chip.memory.cache_bytes *= chip.cores / cores;
  return chip;
}

/// Subjects of one table: their predictions, and engines that run them in turn.
class Race {
 public:
  Race(const isa::ChipSpec& chip, std::uint16_t cores) : chip_(alone(chip, cores)), cores_(cores) {}

  Status add(const Subject& subject) {
    compiler::CompileOptions options;
    options.cores = cores_;
    options.batches = {1};
    TRY_ASSIGN(auto output,
               compiler::compile({{}, std::make_shared<const std::string>(subject.onnx)}, chip_, options));
    auto executable = std::make_shared<const isa::Executable>(std::move(output.executable));
    const timing::Timing timing = timing::walk(executable->programs.front(), chip_, cores_);
    // The launch is a hand-over to a thread of the service; a bench calls the engine from its own.
    const double launch = static_cast<double>(timing.launch_cycles) / chip_.clock_hz;
    auto engine = std::make_unique<cli::LocalEngine>(chip_, cores_, cores_);
    TRY(engine->load(executable));
    all_.push_back({.name = subject.name, .predicted = timing.seconds(chip_) - launch});
    works_.push_back(turns_.add(
        cli::Turns::Bound::kMemory,
        [this, engine = std::move(engine), inputs = any_inputs(executable->programs.front())] {
          if (const auto answer = engine->run(1, inputs); !answer) failure_ = std::unexpected(answer.error());
        },
        kSampleSeconds));
    return {};
  }

  Result<std::vector<Comparison>> run(int rounds) && {
    turns_.measure(rounds);
    TRY(failure_);
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const cli::Kept seconds = turns_.seconds(works_[i]);
      all_[i].measured = seconds.value;
      all_[i].middle = seconds.middle;
    }
    fmt::print("clock: {:.3f} GHz now, {:.3f} in the spec\n", turns_.clock_hz() / 1e9, chip_.clock_hz / 1e9);
    return std::move(all_);
  }

 private:
  isa::ChipSpec chip_;
  std::uint16_t cores_;
  cli::Turns turns_;
  Status failure_;
  std::vector<Comparison> all_;
  std::vector<cli::Turns::Work> works_;
};

double median_error(const std::vector<Comparison>& all, double Comparison::* measured) {
  std::vector<double> errors;
  for (const Comparison& comparison : all)
    errors.push_back(std::abs(comparison.predicted / comparison.*measured - 1));
  return median(std::move(errors));
}

Result<std::vector<Comparison>> compare_all(const isa::ChipSpec& chip, const std::vector<Subject>& subjects,
                                            std::uint16_t cores, const char* what, int rounds) {
  Race race(chip, cores);
  for (const Subject& subject : subjects) TRY(race.add(subject));
  TRY_ASSIGN(std::vector<Comparison> all, std::move(race).run(rounds));
  cli::Table table({{what},
                    {"PREDICTED", cli::Align::kRight},
                    {"MEASURED", cli::Align::kRight},
                    {"ERROR", cli::Align::kRight},
                    {"MIDDLE", cli::Align::kRight}});
  for (const Comparison& c : all)
    table.add({c.name, cli::duration_text(c.predicted), cli::duration_text(c.measured),
               fmt::format("{:+.1f} %", 100 * (c.predicted / c.measured - 1)), cli::duration_text(c.middle)});
  fmt::print("{}\nmedian error of {} {}s on {} cores: {} ({} against the middle of the samples)\n\n",
             table.text(), all.size(), what, cores,
             cli::percent_text(median_error(all, &Comparison::measured)),
             cli::percent_text(median_error(all, &Comparison::middle)));
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

Status run(const std::string& spec, const std::string& path, int rounds) {
  TRY(cli::check_quiet(cli::quiet_share(), 0));
  TRY_ASSIGN(const isa::ChipSpec chip, cli::find_chip(spec));
  if (!chip.is_host)
    return fail(Code::kInvalidArgument, "{} is not this machine: its time can't be measured here", chip.name);
  const auto all_cores = static_cast<std::uint16_t>(chip.cores);
  TRY_ASSIGN(const auto networks, compare_all(chip, whole_networks(), 1, "network", rounds));
  TRY_ASSIGN(const auto wide, compare_all(chip, whole_networks(), all_cores, "network", rounds));
  TRY_ASSIGN(const auto layer_times, compare_all(chip, layers(), 1, "layer", rounds));
  TRY(cli::check_quiet(cli::quiet_share(), 0));
  return write_file_atomically(path, plot_of(chip, networks, wide, layer_times).svg());
}

}  // namespace
}  // namespace chengying::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: prediction SPEC PLOT.svg [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 3 ? std::max(1, std::atoi(argv[3])) : chengying::bench::kRoundsDefault;
  const chengying::Status status = chengying::bench::run(argv[1], argv[2], rounds);
  if (!status) fmt::print(stderr, "prediction: {}\n", status.error().message);
  return status ? 0 : 1;
}
