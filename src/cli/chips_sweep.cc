// chengying chips sweep: what a chip would be with other numbers: a table over every combination, or over
// each guess of its spec, and a plot of time against energy.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/chips_commands.h"
#include "cli/estimate.h"
#include "cli/plot.h"
#include "cli/portable_model.h"
#include "cli/table.h"
#include "cli/variations.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct SweepOptions {
  CompileFlags flags;  // its model is set for each of `models`
  std::string spec, plot;
  std::vector<std::string> models, vary;
  bool guesses = false;
};

/// A chip of the sweep with one of the models.
struct Row {
  const Variation* variation;
  const std::string* model;
  Result<Estimate> estimate;
};

Result<std::vector<Variation>> variations_of(const SweepOptions& options, const isa::ChipSpec& chip) {
  if (!options.guesses) return combinations(chip, options.vary);
  if (!options.vary.empty())
    return fail(Code::kInvalidArgument, "--guesses varies each guess alone; leave out --vary");
  std::vector<Variation> all{{chip, {}, {}}};
  for (Variation& variation : guesses_changed(chip)) all.push_back(std::move(variation));
  return all;
}

Result<Estimate> estimate(const PortableModel& model, const Variation& variation, std::uint16_t cores) {
  if (!variation.impossible.empty()) return fail(Code::kUnsupported, "{}", variation.impossible);
  TRY_ASSIGN(const isa::Executable executable,
             model.compile_for(variation.chip, cores == 0 ? whole_chip(variation.chip) : cores));
  return estimate_of(executable, variation.chip);
}

Result<std::vector<PortableModel>> open_models(const SweepOptions& options) {
  std::vector<PortableModel> models;
  for (const std::string& path : options.models) {
    CompileFlags flags = options.flags;
    flags.model = path;
    TRY_ASSIGN(PortableModel model, PortableModel::open(flags));
    models.push_back(std::move(model));
  }
  return models;
}

std::string changes_text(const Variation& variation) {
  std::string text;
  for (const auto& [key, value] : variation.changes)
    text += fmt::format("{}{}={:g}", text.empty() ? "" : ", ", key, value);
  return text.empty() ? "as it is" : text;
}

/// "+12.3 %" of what it was; "" for the first row, which everything is compared with.
std::string change_text(double now, double before) {
  return now == before ? "-" : fmt::format("{:+.1f} %", 100 * (now / before - 1));
}

/// The row of the chip as it is, or the first of the sweep, for the same model.
const Estimate* first_of(const std::vector<Row>& rows, const Row& row) {
  for (const Row& other : rows)
    if (other.model == row.model) return other.estimate ? &*other.estimate : nullptr;
  return nullptr;
}

void print_text(const std::vector<Row>& rows) {
  Table table({{"CHIP WITH"},
               {"MODEL"},
               {"TIME", Align::kRight},
               {"", Align::kRight},
               {"SAMPLES/S", Align::kRight},
               {"", Align::kRight},
               {"USED", Align::kRight},
               {"LIMIT"},
               {"ENERGY", Align::kRight},
               {"", Align::kRight},
               {"REFUSED"}});
  for (const Row& row : rows) {
    if (!row.estimate) {
      const std::string& why = row.estimate.error().message;
      table.add({changes_text(*row.variation), *row.model, "-", "", "-", "", "-", "-", "-", "",
                 why.substr(0, why.find('\n'))});
      continue;
    }
    const Estimate& now = *row.estimate;
    const Estimate* before = first_of(rows, row);
    const Estimate& first = before == nullptr ? now : *before;
    table.add({changes_text(*row.variation), *row.model, duration_text(now.seconds),
               change_text(now.seconds, first.seconds), scaled_text(now.samples_per_second),
               change_text(now.samples_per_second, first.samples_per_second), percent_text(now.utilisation),
               now.limit_text(), energy_text(now.joules), change_text(now.joules, first.joules), ""});
  }
  fmt::print("{}", table.text());
}

json::array json_of(const std::vector<Row>& rows) {
  json::array array;
  for (const Row& row : rows) {
    json::object changes;
    for (const auto& [key, value] : row.variation->changes) changes[key] = value;
    json::object object{{"changes", std::move(changes)}, {"model", *row.model}};
    if (row.estimate) {
      add_estimate(object, *row.estimate);
    } else {
      object["refused"] = row.estimate.error().message;
    }
    array.push_back(std::move(object));
  }
  return array;
}

Plot plot_of(const isa::ChipSpec& chip, const std::vector<Row>& rows) {
  Plot plot{.title = chip.title + ": time against energy",
            .x_label = "seconds for a request",
            .y_label = "joules for a sample",
            .series = {}};
  for (const Row& row : rows) {
    if (!row.estimate) continue;
    const auto series = std::ranges::find(plot.series, *row.model, &PlotSeries::name);
    PlotSeries& mine = series != plot.series.end()
                           ? *series
                           : plot.series.emplace_back(PlotSeries{.name = *row.model, .points = {}});
    mine.points.push_back({row.estimate->seconds, row.estimate->joules, changes_text(*row.variation)});
  }
  return plot;
}

Status sweep(const SweepOptions& options, bool as_json) {
  TRY_ASSIGN(const isa::ChipSpec chip, find_chip(options.spec, options.flags.chips_folder));
  TRY_ASSIGN(const std::vector<Variation> variations, variations_of(options, chip));
  if (!options.plot.empty())
    TRY(write_file_atomically(options.plot, Plot{}.svg()));  // refused before the work
  TRY_ASSIGN(const std::vector<PortableModel> models, open_models(options));
  std::vector<Row> rows;
  for (const Variation& variation : variations)
    for (const PortableModel& model : models)
      rows.push_back({&variation, &model.name(), estimate(model, variation, options.flags.cores)});
  if (!options.plot.empty()) TRY(write_file_atomically(options.plot, plot_of(chip, rows).svg()));
  if (as_json)
    fmt::print("{}\n", json::serialize(json::object{{"chip", chip.name}, {"rows", json_of(rows)}}));
  else
    print_text(rows);
  return {};
}

}  // namespace

void add_chips_sweep(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<SweepOptions>();
  app.add_option("SPEC", options->spec, "Name of a chip, or path of a spec")->required();
  app.add_option("--model", options->models, "An ONNX model; may be given again")->required();
  app.add_option("--vary", options->vary,
                 "KEY=a,b,c: numbers, or xFACTOR of the spec's own; may be given again")
      ->allow_extra_args(false);
  app.add_flag("--guesses", options->guesses,
               "Each estimated number of the spec at half and at twice its value");
  app.add_option("--plot", options->plot, "Write time against energy to this file (.svg)");
  app.add_option("--cores", options->flags.cores, "Cores of the slice (default: the whole chip)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--batch", options->flags.batches, "Batch of a request (default: the model's own)")
      ->check(CLI::Range(1, 1024))
      ->expected(1);
  add_model_flags(app, options->flags);
  on_run(app, invocation, [options, &invocation] { return sweep(*options, invocation.json); });
}

}  // namespace chengying::cli
