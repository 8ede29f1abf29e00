#include "compiler/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/check.h"
#include "compiler/formats.h"
#include "compiler/graph/check.h"
#include "compiler/layers.h"
#include "compiler/sayable.h"
#include "compiler/select.h"
#include "compiler/tiles/build.h"

namespace chengying::compiler {

namespace {

Status check_request(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip, std::uint16_t cores) {
  CHECK(!graphs.empty());
  if (cores < 1 || cores > chip.cores) {
    return fail(Code::kInvalidArgument, "a slice of {} cores: chip {} has 1 to {}", cores, chip.name,
                chip.cores);
  }
  if (!tiles::shares_memory(chip) && chip.memory.sram_bytes == 0) {
    return fail(Code::kUnsupported, "chip {} has neither SRAM nor DRAM that its engines reach", chip.name);
  }
  for (const BatchGraph& bound : graphs) TRY(check(bound.graph, CheckStage::kLaidOut));
  return {};
}

/// Builds the graph on one core only to see what it asks for.
Status check_demands(const BatchGraph& bound, const isa::ChipSpec& chip, tiles::ConstantPool& pool) {
  const tiles::Decisions one_core{std::vector<tiles::Split>(bound.graph.nodes.size())};
  TRY_ASSIGN(const tiles::Tiles built, build(bound.graph, bound.batch, one_core, chip, 1, pool));
  TRY(check_sayable(bound.graph, built));
  return check_formats(bound.graph, built, chip);
}

/// Gives every instruction its row in the executable's layers: nodes of equal name and operation share one.
void name_layers(isa::Executable& executable, std::span<const BatchGraph> graphs) {
  std::map<std::pair<std::string, std::string>, std::uint32_t> rows;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    std::vector<std::uint32_t> row_of_node;
    for (const Node& node : graphs[i].graph.nodes) {
      isa::Layer layer = layer_of(graphs[i].graph, node, graphs[i].batch);
      const auto [row, is_new] = rows.try_emplace({layer.name, layer.operation},
                                                  static_cast<std::uint32_t>(executable.layers.size()));
      if (is_new) executable.layers.push_back(std::move(layer));
      row_of_node.push_back(row->second);
    }
    if (row_of_node.empty()) {  // a model that only hands its input on
      executable.layers.push_back({"copy", "copy", 0});
      row_of_node.push_back(static_cast<std::uint32_t>(executable.layers.size() - 1));
    }
    for (isa::Instruction& instruction : executable.programs[i].instructions) {
      instruction.layer = row_of_node[instruction.layer];
    }
  }
}

/// About what the pool will hold: a graph's constants, packed. Batches share theirs.
std::uint64_t constant_bytes(const Graph& graph) {
  std::uint64_t bytes = 0;
  for (const Value& value : graph.values)
    if (value.constant != nullptr) bytes += value.constant->bytes().size();
  return bytes + bytes / 8;
}

/// What verify refuses here is a bug of ours; but how much work it may take is its own limit.
Status check_verified(const isa::Executable& executable, const isa::ChipSpec& chip) {
  Status verified = isa::verify(executable, chip);
  if (verified) return {};
  if (verified.error().code == Code::kTooLarge) {
    return within("the model's program is too intricate", std::move(verified).error());
  }
  fmt::print(stderr, "lower() made a program that verify refuses: {}\n", verified.error().message);
  CHECK(verified.has_value());
  return {};
}

}  // namespace

Result<isa::Executable> lower(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                              std::uint16_t cores, LowerDump* dump, Searching* searching) {
  TRY(check_request(graphs, chip, cores));
  tiles::ConstantPool pool(constant_bytes(graphs.front().graph));
  for (const BatchGraph& bound : graphs) TRY(check_demands(bound, chip, pool));
  TRY_ASSIGN(Selection selection, select_programs(graphs, chip, cores, pool, searching));

  isa::Executable executable;
  executable.chip = chip.name;
  executable.chip_digest = chip.digest;
  executable.cores = cores;
  executable.programs = std::move(selection.programs);
  name_layers(executable, graphs);
  executable.constants = pool.bytes();
  executable.constants_owner = pool.owner();
  std::ranges::sort(executable.programs, {}, &isa::Program::batch);
  TRY(check_verified(executable, chip));
  if (dump != nullptr) {
    const BatchGraph& first = graphs.front();
    dump->decisions = print(first.graph, selection.decisions.front());
    TRY_ASSIGN(const tiles::Tiles built,
               build(first.graph, first.batch, selection.decisions.front(), chip, cores, pool));
    dump->tiles = tiles::print(built);
  }
  return executable;
}

}  // namespace chengying::compiler
