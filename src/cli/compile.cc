// chengying compile: from a model to an executable, with a report of each layer.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/chip_source.h"
#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/graph_picture.h"
#include "cli/table.h"
#include "timing/timing.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct CompileOptions {
  CompileFlags flags;
  std::string output, graph;
  bool passes = false, explain = false;
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

/// What fused, and which operators are left.
void print_fusion(const compiler::FusionReport& fusion) {
  std::string left;
  for (const auto& [name, count] : fusion.left)
    left += fmt::format("{}{} {}", left.empty() ? "" : ", ", count, name);
  fmt::print(
      "{} nodes of the model became {}: {}\n"
      "{} additions and {} bounds are done inside of convolutions and products; {} moves need no "
      "instruction\n\n",
      fusion.model_nodes, fusion.graph_nodes, left, fusion.additions, fusion.bounds, fusion.free_moves);
}

struct MemoryRow {
  std::string memory, what;
  std::uint64_t bytes = 0, of = 0;
};

/// What lies where while the executable is loaded, and beside it while a program runs.
std::vector<MemoryRow> memory_map(const isa::Executable& executable, const isa::ChipSpec& chip) {
  const auto sram = static_cast<std::uint64_t>(chip.memory.sram_bytes);
  const auto dram = static_cast<std::uint64_t>(chip.memory.dram_bytes) * executable.cores /
                    static_cast<std::uint64_t>(chip.cores);
  std::uint64_t constants_in_dram = 0;
  std::vector<std::uint64_t> constants_in_sram(executable.cores);
  for (const isa::Residence& residence : executable.programs.front().residences)
    (residence.space == isa::Space::kDram ? constants_in_dram : constants_in_sram[residence.core]) +=
        residence.bytes;
  std::vector<MemoryRow> rows{{"dram", "constants", constants_in_dram, dram}};
  for (const isa::Program& program : executable.programs)
    rows.push_back({"dram", fmt::format("batch {}", program.batch), program.dram_bytes, dram});
  for (std::uint16_t core = 0; core < executable.cores; ++core) {
    const std::string memory = fmt::format("sram[{}]", core);
    rows.push_back({memory, "constants", constants_in_sram[core], sram});
    for (const isa::Program& program : executable.programs)
      rows.push_back({memory, fmt::format("batch {}", program.batch), program.sram_bytes[core], sram});
  }
  for (const isa::Program& program : executable.programs)
    rows.push_back({"host", fmt::format("batch {}", program.batch), program.host_bytes(), 0});
  std::erase_if(rows, [](const MemoryRow& row) { return row.bytes == 0; });
  return rows;
}

void print_memory(const std::vector<MemoryRow>& rows) {
  Table table({{"MEMORY"}, {"FOR"}, {"BYTES", Align::kRight}, {"OF", Align::kRight}});
  for (const MemoryRow& row : rows)
    table.add({row.memory, row.what, bytes_text(static_cast<double>(row.bytes)),
               row.of == 0 ? "" : bytes_text(static_cast<double>(row.of))});
  fmt::print("{}\n", table.text());
}

json::array json_of(const std::vector<MemoryRow>& rows) {
  json::array result;
  for (const MemoryRow& row : rows)
    result.push_back(
        json::object{{"memory", row.memory}, {"for", row.what}, {"bytes", row.bytes}, {"of", row.of}});
  return result;
}

json::array json_of(const std::vector<compiler::PassReport>& passes) {
  json::array rows;
  for (const auto& pass : passes)
    rows.push_back(json::object{{"name", pass.name},
                                {"milliseconds", pass.milliseconds},
                                {"nodes_before", pass.nodes_before},
                                {"nodes_after", pass.nodes_after}});
  return rows;
}

/// What would have to change: refused nodes of one operator and reason together.
void print_explanation(const compiler::Explanation& explanation) {
  Table table({{"OPERATOR"}, {"NODES", Align::kRight}, {"FIRST"}, {"WHY"}, {"WHAT WOULD HELP"}});
  std::map<std::pair<std::string, std::string>, std::vector<const compiler::Refusal*>> groups;
  for (const compiler::Refusal& refusal : explanation.refusals)
    groups[{refusal.operation, refusal.reason}].push_back(&refusal);
  for (const auto& [key, nodes] : groups)
    table.add({key.first, fmt::format("{}", nodes.size()),
               fmt::format("{} on {}", nodes.front()->node, nodes.front()->operands), key.second,
               nodes.front()->change});
  if (!explanation.refusals.empty()) fmt::print("{}\n", table.text());
  fmt::print("{} of {} nodes can't be compiled\n", explanation.refusals.size(), explanation.nodes);
}

json::object json_of(const compiler::Explanation& explanation) {
  json::array rows;
  for (const compiler::Refusal& refusal : explanation.refusals)
    rows.push_back(json::object{{"node", refusal.node},
                                {"operator", refusal.operation},
                                {"operands", refusal.operands},
                                {"why", refusal.reason},
                                {"what_would_help", refusal.change}});
  return {{"nodes", explanation.nodes}, {"refused", std::move(rows)}};
}

Status explain(const CompileOptions& options, bool as_json) {
  TRY_ASSIGN(const Described model, describe_model(options.flags));
  TRY_ASSIGN(const isa::ChipSpec host, find_chip("host", options.flags.chips_folder));
  TRY_ASSIGN(const auto compile_options, compile_options_of(options.flags, model, host, 1));
  TRY_ASSIGN(const compiler::Explanation explanation,
             compiler::explain({options.flags.model, nullptr}, compile_options));
  if (as_json)
    fmt::print("{}\n", json::serialize(json_of(explanation)));
  else
    print_explanation(explanation);
  return {};
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

/// What the search gained, and how to have the same program again.
void print_search(const compiler::SearchReport& search) {
  for (const auto& gain : search.gains) {
    const double part = 1 - static_cast<double>(gain.cycles_after) / static_cast<double>(gain.cycles_before);
    fmt::print("search, batch {}: {} cycles -> {}{}\n", gain.batch,
               gain.cycles_before == 0 ? "too large" : grouped(gain.cycles_before),
               grouped(gain.cycles_after),
               gain.cycles_before == 0 ? "" : fmt::format(", {} fewer", percent_text(part)));
  }
  fmt::print("search: {} tries in {}; --search-tries {} gives the same program\n", search.tries,
             duration_text(search.seconds), search.tries);
}

json::value json_of(const std::optional<compiler::SearchReport>& search) {
  if (!search) return nullptr;
  json::array gains;
  for (const auto& gain : search->gains)
    gains.push_back(json::object{
        {"batch", gain.batch}, {"cycles_before", gain.cycles_before}, {"cycles_after", gain.cycles_after}});
  return json::object{{"tries", search->tries}, {"seconds", search->seconds}, {"gains", std::move(gains)}};
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
  if (options.explain) return explain(options, as_json);
  CompileFlags flags = options.flags;
  flags.no_cache = flags.no_cache || options.passes;  // what is not compiled takes no time
  TRY_ASSIGN(Ready ready, make_ready(flags));
  if (!options.flags.dump_after.empty()) {
    fmt::print("{}", ready.compiled->dump);
    return {};
  }
  isa::Executable executable = *ready.executable;
  const std::string output = options.output.empty() ? default_output(options.flags.model) : options.output;
  TRY(isa::save_executable(executable, output));
  if (!options.graph.empty()) TRY(write_picture(options.graph, dot_of(output, ready.compiled->layers)));
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"executable", output},
                                                    {"digest", executable.digest.hex()},
                                                    {"chip", ready.chip.name},
                                                    {"cores", executable.cores},
                                                    {"programs", json_of(executable, ready.chip)},
                                                    {"layers", json_of(ready.compiled->layers)},
                                                    {"passes", json_of(ready.compiled->passes)},
                                                    {"memory", json_of(memory_map(executable, ready.chip))},
                                                    {"search", json_of(ready.compiled->search)},
                                                    {"from_cache", ready.from_cache},
                                                    {"notes", json::value_from(ready.compiled->notes)}}));
    return {};
  }
  print_layers(ready.compiled->layers);
  print_fusion(ready.compiled->fusion);
  print_memory(memory_map(executable, ready.chip));
  if (options.passes) print_passes(ready.compiled->passes);
  for (const std::string& note : ready.compiled->notes) fmt::print("note: {}\n", note);
  if (ready.from_cache) fmt::print("compiled before: taken from the cache (--no-cache compiles it anew)\n");
  if (ready.compiled->search) print_search(*ready.compiled->search);
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
  app.add_option(
         "--search", options->flags.search.seconds,
         "Look for a faster schedule for so many seconds; says what was gained, and how many tries it was")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--search-tries", options->flags.search.tries,
                 "Look for a faster schedule so many times: the same number gives the same executable")
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option(
      "--graph", options->graph,
      "Draw the layers, coloured by their share of the cycles: FILE.dot, or FILE.svg with graphviz");
  app.add_flag("--explain", options->explain,
               "Say which nodes can't be compiled, why, and what would help; write nothing");
  add_compile_flags(app, options->flags);
  on_run(app, invocation, [options, &invocation] { return compile(*options, invocation.json); });
}

}  // namespace chengying::cli
