// chengying compile: from a model to an executable, with a report of each layer.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/table.h"
#include "timing/timing.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct CompileOptions {
  CompileFlags flags;
  std::string output;
  bool passes = false;
};

/// The model's name with .cyx, in the current folder.
std::string default_output(const std::string& model) {
  return std::filesystem::path(model).filename().replace_extension(".cyx").string();
}

void print_layers(const std::vector<compiler::LayerReport>& layers) {
  Table table({{"LAYER"},
               {"OPERATION"},
               {"OUTPUT"},
               {"MACS", Align::kRight},
               {"CYCLES", Align::kRight},
               {"USED", Align::kRight},
               {"LIMIT"}});
  for (const auto& layer : layers) {
    table.add({layer.name, layer.operation, layer.output, grouped(layer.macs), grouped(layer.cycles),
               percent_text(layer.utilisation), layer.limit});
  }
  fmt::print("{}\n", table.text());
}

void print_passes(const std::vector<compiler::PassReport>& passes) {
  Table table({{"PASS"}, {"TIME", Align::kRight}, {"NODES", Align::kRight}, {"AFTER", Align::kRight}});
  for (const auto& pass : passes) {
    table.add({pass.name, duration_text(pass.milliseconds * 1e-3), fmt::format("{}", pass.nodes_before),
               fmt::format("{}", pass.nodes_after)});
  }
  fmt::print("{}\n", table.text());
}

json::array json_of(const std::vector<compiler::LayerReport>& layers) {
  json::array rows;
  for (const auto& layer : layers) {
    rows.push_back(json::object{{"name", layer.name},
                                {"operation", layer.operation},
                                {"output", layer.output},
                                {"macs", layer.macs},
                                {"cycles", layer.cycles},
                                {"utilisation", layer.utilisation},
                                {"limit", layer.limit}});
  }
  return rows;
}

json::array json_of(const isa::Executable& executable, const isa::ChipSpec& chip) {
  json::array programs;
  for (const isa::Program& program : executable.programs) {
    const timing::Timing timing = timing::walk(program, chip, executable.cores);
    programs.push_back(json::object{{"batch", program.batch},
                                    {"instructions", program.instructions.size()},
                                    {"cycles", timing.cycles},
                                    {"seconds", timing.seconds(chip)},
                                    {"picojoules", timing.picojoules},
                                    {"macs", timing.macs}});
  }
  return programs;
}

void print_programs(const isa::Executable& executable, const isa::ChipSpec& chip) {
  for (const isa::Program& program : executable.programs) {
    const timing::Timing timing = timing::walk(program, chip, executable.cores);
    fmt::print("{} ({} core{}, batch {}): {} instructions, {} cycles, {}, {}\n", chip.name, executable.cores,
               executable.cores == 1 ? "" : "s", program.batch, program.instructions.size(),
               grouped(timing.cycles), duration_text(timing.seconds(chip)),
               energy_text(static_cast<double>(timing.picojoules) * 1e-12));
  }
}

Status compile(const CompileOptions& options, bool as_json) {
  TRY_ASSIGN(const bool compiled_before, is_executable_file(options.flags.model));
  if (compiled_before) {
    return fail(Code::kInvalidArgument, "{}: is an executable already; compile takes a model (.onnx)",
                options.flags.model);
  }
  TRY_ASSIGN(Ready ready, make_ready(options.flags));
  if (!options.flags.dump_after.empty()) {
    fmt::print("{}", ready.compiled->dump);
    return {};
  }
  isa::Executable executable = *ready.executable;
  const std::string output = options.output.empty() ? default_output(options.flags.model) : options.output;
  TRY(isa::save_executable(executable, output));
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"executable", output},
                                                    {"digest", executable.digest.hex()},
                                                    {"chip", ready.chip.name},
                                                    {"cores", executable.cores},
                                                    {"programs", json_of(executable, ready.chip)},
                                                    {"layers", json_of(ready.compiled->layers)},
                                                    {"notes", json::value_from(ready.compiled->notes)}}));
    return {};
  }
  print_layers(ready.compiled->layers);
  if (options.passes) print_passes(ready.compiled->passes);
  for (const std::string& note : ready.compiled->notes) fmt::print("note: {}\n", note);
  print_programs(executable, ready.chip);
  fmt::print("wrote {}, sha256 {}\n", output, executable.digest.hex());
  return {};
}

}  // namespace

void add_compile(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<CompileOptions>();
  app.add_option("MODEL", options->flags.model, "An ONNX model")->required();
  app.add_option("--output,-o", options->output, "The executable (default: the model's name with .cyx)");
  app.add_option("--batch", options->flags.batches, "Batches to make programs for, one program each")
      ->check(CLI::Range(1, 1024))
      ->delimiter(',');
  app.add_option("--dump-after", options->flags.dump_after,
                 "Print what a pass gave, as text, and write nothing");
  app.add_flag("--time-passes", options->passes, "Print the time of each pass");
  add_compile_flags(app, options->flags);
  on_run(app, invocation, [options, &invocation] { return compile(*options, invocation.json); });
}

}  // namespace chengying::cli
