// chengying chips compare: one model on all chips, side by side.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/chip_source.h"
#include "cli/chips_commands.h"
#include "cli/estimate.h"
#include "cli/portable_model.h"
#include "cli/price.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kPricedSamples = 1'000'000;

struct CompareOptions {
  CompileFlags flags;
  std::vector<std::string> chips;  // empty: all
};

/// One chip's line: an estimate with its price, or why there is none.
struct Row {
  isa::ChipSpec chip;
  Result<Estimate> estimate;
  std::optional<Price> price;  // of a million samples
};

Result<std::vector<isa::ChipSpec>> chips_of(const CompareOptions& options) {
  if (options.chips.empty()) return all_chips(options.flags.chips_folder);
  std::vector<isa::ChipSpec> chips;
  for (const std::string& name : options.chips) {
    TRY_ASSIGN(chips.emplace_back(), find_chip(name, options.flags.chips_folder));
  }
  return chips;
}

/// For the whole chip; where a program for so many cores is more than verify will look through, for half as
/// many.
Result<isa::Executable> compile_wide(const PortableModel& model, const isa::ChipSpec& chip) {
  for (std::uint16_t cores = whole_chip(chip);; cores /= 2) {
    Result<isa::Executable> executable = model.compile_for(chip, cores);
    if (executable || executable.error().code != Code::kTooLarge || cores == 1) return executable;
  }
}

Result<Row> row_of(const PortableModel& model, isa::ChipSpec chip, std::uint16_t cores) {
  const Result<isa::Executable> executable =
      cores == 0 ? compile_wide(model, chip) : model.compile_for(chip, cores);
  if (!executable) return Row{std::move(chip), std::unexpected(executable.error()), std::nullopt};
  const Estimate estimate = estimate_of(*executable, chip);
  const std::uint64_t requests = kPricedSamples / static_cast<std::uint64_t>(estimate.batch);
  TRY_ASSIGN(const auto price, price_of_work(chip, executable->cores, estimate.cycles * requests));
  return Row{std::move(chip), estimate, price};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string price_text(const std::optional<Price>& price) {
  return price ? fmt::format("{:.2f} {}", static_cast<double>(price->amount.nano()) * 1e-9, price->currency)
               : "-";
}

void print_text(const std::vector<Row>& rows) {
  Table table({{"CHIP"},
               {"CORES", Align::kRight},
               {"BATCH", Align::kRight},
               {"TIME", Align::kRight},
               {"SAMPLES/S", Align::kRight},
               {"USED", Align::kRight},
               {"LIMIT"},
               {"ENERGY", Align::kRight},
               {"PER MILLION", Align::kRight},
               {"REFUSED"}});
  for (const Row& row : rows) {
    if (!row.estimate) {
      table.add(
          {row.chip.name, "-", "-", "-", "-", "-", "-", "-", "-", first_line(row.estimate.error().message)});
      continue;
    }
    const Estimate& estimate = *row.estimate;
    table.add({row.chip.name, fmt::format("{}", estimate.cores), fmt::format("{}", estimate.batch),
               duration_text(estimate.seconds), scaled_text(estimate.samples_per_second),
               percent_text(estimate.utilisation), estimate.limit_text(), energy_text(estimate.joules),
               price_text(row.price), ""});
  }
  fmt::print("{}", table.text());
}

json::object json_of(const Row& row) {
  json::object object{{"chip", row.chip.name}};
  if (!row.estimate) {
    object["refused"] = row.estimate.error().message;
    return object;
  }
  add_estimate(object, *row.estimate);
  if (row.price) {
    object["price_of_a_million_samples"] = billing::to_string(row.price->amount);
    object["currency"] = row.price->currency;
    object["offer"] = row.price->offer;
  }
  return object;
}

Status compare(const CompareOptions& options, bool as_json) {
  TRY_ASSIGN(auto chips, chips_of(options));
  TRY_ASSIGN(const PortableModel model, PortableModel::open(options.flags));
  std::vector<Row> rows;
  for (isa::ChipSpec& chip : chips) {
    TRY_ASSIGN(Row row, row_of(model, std::move(chip), options.flags.cores));
    rows.push_back(std::move(row));
  }
  if (!as_json) {
    print_text(rows);
    return {};
  }
  json::array array;
  for (const Row& row : rows) array.push_back(json_of(row));
  fmt::print("{}\n",
             json::serialize(json::object{{"model", options.flags.model}, {"chips", std::move(array)}}));
  return {};
}

}  // namespace

void add_chips_compare(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<CompareOptions>();
  app.add_option("MODEL", options->flags.model, "An ONNX model")->required();
  app.add_option("--chip", options->chips, "Only these chips: names, or paths of specs")->delimiter(',');
  app.add_option(
         "--cores", options->flags.cores,
         "Cores of the slice (default: the whole chip, or half of it where that is too much to verify)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--batch", options->flags.batches, "Batch of a request (default: the model's own)")
      ->check(CLI::Range(1, 1024))
      ->expected(1);
  add_model_flags(app, options->flags);
  on_run(app, invocation, [options, &invocation] { return compare(*options, invocation.json); });
}

}  // namespace chengying::cli
