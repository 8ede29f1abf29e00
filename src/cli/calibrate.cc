// chengying calibrate: measures this machine and writes it as a chip file.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/commands.h"
#include "cli/host_spec.h"
#include "cli/probe.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct CalibrateOptions {
  std::string output = "host.toml";
};

/// What changed between the built-in spec of the machine and the new one, number by number.
void print_changes(const isa::ChipSpec& before, const isa::ChipSpec& now) {
  Table table({{"KEY"}, {"BUILT IN", Align::kRight}, {"MEASURED", Align::kRight}, {"UNIT"}});
  for (const isa::SpecNumber& number : now.numbers) {
    if (number.provenance != isa::Provenance::kMeasured) continue;
    const auto old = std::ranges::find(before.numbers, number.key, &isa::SpecNumber::key);
    table.add({number.key, old == before.numbers.end() ? "-" : fmt::format("{:.4g}", old->value),
               fmt::format("{:.4g}", number.value), number.unit});
  }
  fmt::print("{}\n", table.text());
}

Result<MachineFacts> measure_quiet_machine() {
  TRY(check_quiet(quiet_share(), 0));
  Progress progress;
  progress.show("measuring", 0, 1);
  TRY_ASSIGN(const MachineFacts facts, measure_machine());
  TRY(check_quiet(quiet_share(), facts.spread));  // nobody came meanwhile
  return facts;
}

Status calibrate(const CalibrateOptions& options, bool as_json) {
  TRY_ASSIGN(const isa::ChipSpec before, find_chip("host"));
  TRY_ASSIGN(const MachineFacts facts, measure_quiet_machine());
  const std::string text = host_spec_toml(facts);
  TRY_ASSIGN(const isa::ChipSpec now, isa::parse_chip_spec(text, options.output));
  TRY(write_file_atomically(options.output, std::string_view(text)));
  if (as_json) {
    json::object numbers;
    for (const isa::SpecNumber& number : now.numbers) numbers[number.key] = number.value;
    fmt::print("{}\n", json::serialize(json::object{{"spec", options.output},
                                                    {"cpu", facts.cpu},
                                                    {"kernels", chip::name_of(facts.kernels)},
                                                    {"spread", facts.spread},
                                                    {"numbers", std::move(numbers)}}));
    return {};
  }
  print_changes(before, now);
  fmt::print("{}, {} kernels; repeats differ by {} at most\nwrote {}; use it with --chip {}\n", facts.cpu,
             chip::name_of(facts.kernels), percent_text(facts.spread), options.output,
             options.output.contains('/') ? options.output : "./" + options.output);
  return {};
}

}  // namespace

void add_calibrate(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<CalibrateOptions>();
  app.add_option("--output,-o", options->output, "The spec (.toml)")->capture_default_str();
  on_run(app, invocation, [options, &invocation] { return calibrate(*options, invocation.json); });
}

}  // namespace chengying::cli
