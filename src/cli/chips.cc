// chengying chips: which chips there are, and what is known of each, with the source of each number.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/chip_source.h"
#include "cli/chips_commands.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct ChipsOptions {
  std::string folder, name;
};

double peak_u8_ops(const isa::ChipSpec& chip) {
  const auto& array = chip.tensor.u8;
  return array ? 2.0 * static_cast<double>(array->macs() * chip.cores) * chip.clock_hz : 0;
}

json::object summary_of(const isa::ChipSpec& chip) {
  return {{"name", chip.name},
          {"title", chip.title},
          {"maker", chip.maker},
          {"host", chip.is_host},
          {"cores", chip.cores},
          {"clock_hz", chip.clock_hz},
          {"peak_int8_ops_per_second", peak_u8_ops(chip)},
          {"sram_bytes", chip.memory.sram_bytes * chip.cores},
          {"dram_bytes", chip.memory.dram_bytes},
          {"tdp_watts", chip.power.tdp_watts},
          {"digest", chip.digest.hex()}};
}

Status list(const ChipsOptions& options, bool as_json) {
  TRY_ASSIGN(const auto chips, all_chips(options.folder));
  if (as_json) {
    json::array rows;
    for (const auto& chip : chips) rows.push_back(summary_of(chip));
    fmt::print("{}\n", json::serialize(json::object{{"chips", std::move(rows)}}));
    return {};
  }
  Table table({{"NAME"},
               {"CHIP"},
               {"CORES", Align::kRight},
               {"CLOCK", Align::kRight},
               {"INT8 OPS/S", Align::kRight},
               {"SRAM", Align::kRight},
               {"DRAM", Align::kRight},
               {"TDP", Align::kRight}});
  const auto size = [](std::int64_t bytes) {
    return bytes == 0 ? "-" : bytes_text(static_cast<double>(bytes));
  };
  for (const auto& chip : chips) {
    table.add({chip.name, chip.title, fmt::format("{}", chip.cores), scaled_text(chip.clock_hz) + "Hz",
               scaled_text(peak_u8_ops(chip)), size(chip.memory.sram_bytes * chip.cores),
               size(chip.memory.dram_bytes), fmt::format("{} W", chip.power.tdp_watts)});
  }
  fmt::print("{}", table.text());
  return {};
}

Status show(const ChipsOptions& options, bool as_json) {
  TRY_ASSIGN(const auto chip, find_chip(options.name, options.folder));
  if (as_json) {
    json::array numbers;
    for (const auto& number : chip.numbers) {
      numbers.push_back(json::object{{"key", number.key},
                                     {"value", number.value},
                                     {"unit", number.unit},
                                     {"kind", isa::name_of(number.provenance)},
                                     {"source", number.source}});
    }
    json::object document = summary_of(chip);
    document["numbers"] = std::move(numbers);
    fmt::print("{}\n", json::serialize(document));
    return {};
  }
  fmt::print("{}: {} ({})\nspec digest {}\n\n", chip.name, chip.title, chip.maker, chip.digest.hex());
  Table table({{"KEY"}, {"VALUE", Align::kRight}, {"UNIT"}, {"KIND"}, {"SOURCE"}});
  for (const auto& number : chip.numbers) {
    table.add({number.key, fmt::format("{:.10g}", number.value), number.unit,
               std::string(isa::name_of(number.provenance)), number.source});
  }
  fmt::print("{}", table.text());
  return {};
}

}  // namespace

void add_chips(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ChipsOptions>();
  CLI::App* list_app = app.add_subcommand("list", "All chips, a line each");
  list_app->add_option("--chips-dir", options->folder,
                       "Read the specs of this folder instead of the built-in ones");
  on_run(*list_app, invocation, [options, &invocation] { return list(*options, invocation.json); });

  CLI::App* show_app = app.add_subcommand("show", "Every number of a chip, with its kind and source");
  show_app->add_option("CHIP", options->name, "Name of a chip, or path of a spec")->required();
  show_app->add_option("--chips-dir", options->folder,
                       "Read the specs of this folder instead of the built-in ones");
  on_run(*show_app, invocation, [options, &invocation] { return show(*options, invocation.json); });

  add_chips_compare(*app.add_subcommand("compare", "One model on all chips, side by side"), invocation);
  add_chips_sweep(*app.add_subcommand("sweep", "What a chip would be with other numbers"), invocation);
}

}  // namespace chengying::cli
