// design PLOT.svg: the sweep that chose chips/chengying1.toml (docs/adr/0014-chengying1.md): every
// combination of sizes, the area and power that they would take, and what they would do with four kinds of
// work; best first among those that keep the limits. Pure arithmetic; no network is run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "cli/estimate.h"
#include "cli/plot.h"
#include "cli/table.h"
#include "cli/variations.h"
#include "compiler/prepared_model.h"
#include "synthetic.h"

namespace chengying::bench {
namespace {

using cli::Align;

// Limits: Hanguang 800's own die (709 mm2, HC32) less a tenth for what was forgotten, and its label (280 W).
constexpr double kAreaMaxMm2 = 640, kWattsMax = 280;
// A slice is an eighth of a chip, and no core is shared.
constexpr std::int64_t kCoresMin = 8;

// Areas in 12 nm. SRAM: a cell of 0.07 um2 (16 nm, Chen et al., ISSCC 2014 and JSSC 2015; 12 nm follows from
// it) of which 60 % of a macro's area consists: 0.98 mm2 a MiB. A guess is the 60 %, and so are: an int8
// multiplier with its adder and registers, 350 um2; host link, command processor and pads, 110 mm2; HBM's
// interface and controller, 30 mm2 a stack. What is left of Hanguang's 709 mm2, four cores without their
// multipliers and SRAM, is then no guess but follows: the model is exact for that one chip.
constexpr double kMm2PerMib = 0.98, kMm2PerMac = 350e-6, kMm2Fixed = 110, kMm2PerStack = 30;
constexpr double kMm2PerCore = (709 - kMm2Fixed - 192 * kMm2PerMib - 589824 * kMm2PerMac) / 4;
constexpr double kBytesPerSecondOfAStack = 409.6e9;

/// What a core's share of the rest grows with its multipliers and not with their number alone: half of it is
/// engines.
double core_mm2(const isa::ChipSpec& chip) {
  const double size = static_cast<double>(chip.tensor.u8->macs()) / 147456;
  return kMm2PerCore * (0.5 + 0.5 * size);
}

double area_mm2(const isa::ChipSpec& chip) {
  const auto cores = static_cast<double>(chip.cores);
  const double mib = static_cast<double>(chip.memory.sram_bytes) / (1 << 20);
  return kMm2Fixed + chip.memory.dram_bytes_per_second / kBytesPerSecondOfAStack * kMm2PerStack +
         cores *
             (core_mm2(chip) + mib * kMm2PerMib + static_cast<double>(chip.tensor.u8->macs()) * kMm2PerMac);
}

/// Two layers of a decoder of 7 billion parameters (hidden size 4,096, inner 11,008) without their attention,
/// int8: 404 MB of weights, twice what any SRAM here holds, for one token.
std::string decoder_layers() {
  QuantisedModel model("decoder");
  Feature x = model.input(4096);
  for (int layer = 0; layer < 2; ++layer) {
    const Feature q = model.dense(x, 4096), k = model.dense(x, 4096), v = model.dense(x, 4096);
    x = model.add(x, model.dense(model.add(model.add(q, k), v), 4096));
    x = model.add(x, model.dense(model.gate(model.dense(x, 2 * 11008, false)), 4096));
  }
  return model.finish(x);
}

struct Work {
  const char* name;
  const char* network;  // nullptr: the decoder
  std::int32_t batch;
  bool latency;  // judged by the time of one request, not by samples a second
};
constexpr Work kWorks[] = {{"resnet50 x16", "resnet50", 16, false},
                           {"resnet50 x64", "resnet50", 64, false},
                           {"mobilenet_v2 x16", "mobilenet_v2", 16, false},
                           {"resnet50 x1", "resnet50", 1, true},
                           {"vgg16 x1", "vgg16", 1, true},
                           {"decoder x1", nullptr, 1, true}};

struct Candidate {
  cli::Variation variation{};
  double area = 0, watts = 0;   // the hottest work's
  std::vector<double> rates{};  // by work: samples a second, or requests a second
  double score = 0;             // geometric mean of the rates
  double joules = 0;            // geometric mean of a request's
  bool possible = false;
};

Candidate judge(cli::Variation variation, const std::vector<compiler::PreparedModel>& models) {
  Candidate candidate{.variation = std::move(variation)};
  const isa::ChipSpec& chip = candidate.variation.chip;
  candidate.area = area_mm2(chip);
  if (!candidate.variation.impossible.empty() || candidate.area > kAreaMaxMm2) return candidate;
  double logarithms = 0, joules = 0;
  for (std::size_t i = 0; i < std::size(kWorks); ++i) {
    const auto compiled = models[i].compile_for(chip, static_cast<std::uint16_t>(chip.cores));
    if (!compiled) return candidate;
    const cli::Estimate estimate = cli::estimate_of(compiled->executable, chip);
    candidate.rates.push_back(kWorks[i].latency ? 1 / estimate.seconds : estimate.samples_per_second);
    candidate.watts = std::max(candidate.watts, estimate.joules * estimate.samples_per_second);
    logarithms += std::log(candidate.rates.back());
    joules += std::log(estimate.joules);
  }
  candidate.score = std::exp(logarithms / std::size(kWorks));
  candidate.joules = std::exp(joules / std::size(kWorks));
  candidate.possible = candidate.watts <= kWattsMax;
  return candidate;
}

std::string changes_of(const Candidate& candidate, std::string_view key) {
  for (const auto& [name, value] : candidate.variation.changes)
    if (name == key) return fmt::format("{:g}", key == "memory.sram_bytes" ? value / (1 << 20) : value);
  return "-";
}

void print(const std::vector<Candidate>& candidates) {
  std::vector<cli::Column> columns{{"CORES", Align::kRight},    {"COLUMNS", Align::kRight},
                                   {"PIXELS", Align::kRight},   {"SRAM MiB", Align::kRight},
                                   {"DRAM B/s", Align::kRight}, {"MM2", Align::kRight},
                                   {"W", Align::kRight}};
  for (const Work& work : kWorks) columns.push_back({work.name, Align::kRight});
  columns.push_back({"SCORE", Align::kRight});
  columns.push_back({"mJ", Align::kRight});
  cli::Table table(columns);
  for (const Candidate& candidate : candidates) {
    std::vector<std::string> row;
    for (const char* key : {"chip.cores", "tensor.u8.columns", "tensor.u8.pixels", "memory.sram_bytes",
                            "memory.dram_bytes_per_second"})
      row.push_back(changes_of(candidate, key));
    row.push_back(fmt::format("{:.0f}", candidate.area));
    row.push_back(fmt::format("{:.0f}", candidate.watts));
    for (const double rate : candidate.rates) row.push_back(fmt::format("{:.0f}", rate));
    row.push_back(fmt::format("{:.0f}", candidate.score));
    row.push_back(fmt::format("{:.2f}", 1e3 * candidate.joules));
    table.add(std::move(row));
  }
  fmt::print("{}", table.text());
}

std::vector<compiler::PreparedModel> prepared_models() {
  std::vector<compiler::PreparedModel> models;
  for (const Work& work : kWorks) {
    compiler::CompileOptions options;
    options.batches = {work.batch};
    auto model = compiler::PreparedModel::make(
        {{},
         std::make_shared<const std::string>(work.network == nullptr ? decoder_layers()
                                                                     : network(work.network))},
        options);
    CHECK(model.has_value());
    models.push_back(*std::move(model));
  }
  return models;
}

/// What came of the sweep: the candidates that keep the limits, best first, and how many did not and why.
struct Choice {
  std::vector<Candidate> kept{}, hot{};
  std::size_t all = 0, too_large = 0, refused = 0;
};

Choice choose(std::vector<cli::Variation> variations) {
  const std::vector<compiler::PreparedModel> models = prepared_models();
  Choice choice{.all = variations.size()};
  for (cli::Variation& variation : variations) {
    Candidate candidate = judge(std::move(variation), models);
    if (candidate.area > kAreaMaxMm2)
      ++choice.too_large;
    else if (candidate.rates.size() < std::size(kWorks))
      ++choice.refused;
    else
      (candidate.possible ? choice.kept : choice.hot).push_back(std::move(candidate));
  }
  std::ranges::sort(choice.kept, std::greater<>(), &Candidate::score);
  return choice;
}

cli::Plot plot_of(const Choice& choice) {
  cli::Plot plot{
      .title = "Candidates for Chengying 1 within 640 mm2 and 280 W",
      .x_label = "seconds a request, geometric mean of the work",
      .y_label = "joules a request, geometric mean of the work",
      .series = {{.name = "16 MiB a core"}, {.name = "24 MiB a core"}, {.name = "other"}, {.name = "chosen"}},
      .log_x = false,
      .log_y = false};
  for (const Candidate& c : choice.kept) {
    const isa::ChipSpec& chip = c.variation.chip;
    const std::int64_t mib = chip.memory.sram_bytes >> 20;
    const bool chosen = &c == &choice.kept.front();
    plot.series[chosen      ? 3
                : mib == 16 ? 0
                : mib == 24 ? 1
                            : 2]
        .points.push_back(
            {1 / c.score, c.joules,
             fmt::format("{} x {} x {}, {:.0f} GB/s", chip.tensor.u8->reduce, chip.tensor.u8->columns,
                         chip.tensor.u8->pixels, chip.memory.dram_bytes_per_second / 1e9)});
  }
  std::erase_if(plot.series, [](const cli::PlotSeries& series) { return series.points.empty(); });
  return plot;
}

Status run(const std::string& path) {
  TRY_ASSIGN(const isa::ChipSpec base, isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/chengying1.toml"));
  TRY_ASSIGN(auto variations, cli::combinations(base, {"chip.cores=8,16", "tensor.u8.columns=64,96,128",
                                                       "tensor.u8.pixels=2,3,4,6",
                                                       "memory.sram_bytes=8388608,16777216,25165824,33554432",
                                                       "memory.dram_bytes_per_second=409.6e9,819.2e9"}));
  CHECK(std::ranges::all_of(variations, [](const auto& v) { return v.chip.cores >= kCoresMin; }));
  const Choice choice = choose(std::move(variations));
  print(choice.kept);
  fmt::print(
      "{} of {} combinations keep the limits; {} above {} mm2, {} above {} W, {} cannot run all of the "
      "work\n",
      choice.kept.size(), choice.all, choice.too_large, kAreaMaxMm2, choice.hot.size(), kWattsMax,
      choice.refused);
  return write_file_atomically(path, plot_of(choice).svg());
}

}  // namespace
}  // namespace chengying::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: design PLOT.svg\n");
    return 2;
  }
  const chengying::Status status = chengying::bench::run(argv[1]);
  if (!status) fmt::print(stderr, "design: {}\n", status.error().message);
  return status ? 0 : 1;
}
