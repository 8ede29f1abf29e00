#include "compiler/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "base/check.h"
#include "compiler/formats.h"
#include "compiler/graph/check.h"
#include "compiler/layers.h"
#include "compiler/sayable.h"
#include "compiler/tiles/build.h"
#include "compiler/tiles/choose.h"
#include "compiler/tiles/program.h"

namespace chengying::compiler {

namespace {

using tiles::Candidate;

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

std::unexpected<Error> does_not_fit(const isa::ChipSpec& chip, std::uint16_t cores, std::int32_t batch,
                                    std::uint64_t sram, std::uint64_t dram) {
  const bool in_sram = !tiles::shares_memory(chip);
  const std::uint64_t has = in_sram ? static_cast<std::uint64_t>(chip.memory.sram_bytes)
                                    : static_cast<std::uint64_t>(chip.memory.dram_bytes) * cores /
                                          static_cast<std::uint64_t>(chip.cores);
  const std::string more = cores < chip.cores ? "more cores" : "a chip with more memory";
  const std::string smaller = batch > 1 ? "a smaller batch" : "a smaller model";
  return fail(Code::kUnsupported,
              "batch {} on {} of chip {} needs {:.1f} MiB of {}, which has {:.1f} MiB; try {} or {}", batch,
              cores == 1 ? std::string("1 core") : fmt::format("{} cores", cores), chip.name,
              megabytes(in_sram ? sram : dram), in_sram ? "SRAM in a core" : "DRAM", megabytes(has), more,
              smaller);
}

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

/// One program for each graph, and where their constants lie together.
struct Selection {
  std::vector<isa::Program> programs;
  std::vector<tiles::Decisions> decisions;
  tiles::Footprint footprint;
};

Selection select(const std::vector<const Candidate*>& candidates, const isa::ChipSpec& chip,
                 std::uint16_t cores, std::uint64_t constant_bytes) {
  Selection selection;
  for (const Candidate* candidate : candidates) {
    selection.programs.push_back(candidate->program);
    selection.decisions.push_back(candidate->decisions);
  }
  const auto residences = tiles::residences_of(selection.programs, chip, constant_bytes);
  selection.footprint = tiles::footprint_of(selection.programs, residences, cores);
  for (isa::Program& program : selection.programs) program.residences = residences;
  return selection;
}

bool fits(const tiles::Footprint& footprint, const isa::ChipSpec& chip, std::uint16_t cores) {
  Candidate sizes;
  sizes.sram_bytes = footprint.sram_bytes_max();
  sizes.dram_bytes = footprint.dram_bytes;
  return tiles::fits(sizes, chip, cores);
}

/// The best programs whose constants fit together: each batch's own best, else all batches by the same
/// decisions as one of the first batch's candidates, else the one that needs least.
Result<Selection> select_programs(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                                  std::uint16_t cores, tiles::ConstantPool& pool) {
  std::vector<std::vector<Candidate>> all;
  std::vector<const Candidate*> best;
  for (const BatchGraph& bound : graphs) {
    TRY_ASSIGN(std::vector<Candidate> candidates, choose(bound.graph, bound.batch, chip, cores, pool));
    if (!tiles::fits(candidates.front(), chip, cores)) {
      return does_not_fit(chip, cores, bound.batch, candidates.front().sram_bytes,
                          candidates.front().dram_bytes);
    }
    all.push_back(std::move(candidates));
  }
  for (const std::vector<Candidate>& candidates : all) best.push_back(&candidates.front());
  Selection selection = select(best, chip, cores, pool.bytes().size());
  if (fits(selection.footprint, chip, cores)) return selection;
  const Selection first_choice = selection;
  for (const Candidate& candidate : all.front()) {
    std::vector<const Candidate*> same;
    for (const std::vector<Candidate>& candidates : all) {
      const auto found = std::ranges::find(candidates, candidate.decisions, &Candidate::decisions);
      if (found != candidates.end()) same.push_back(&*found);
    }
    if (same.size() != all.size()) continue;
    selection = select(same, chip, cores, pool.bytes().size());
    if (fits(selection.footprint, chip, cores)) return selection;
  }
  return does_not_fit(chip, cores, graphs.back().batch, first_choice.footprint.sram_bytes_max(),
                      first_choice.footprint.dram_bytes);
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

void own_constants(isa::Executable& executable, std::span<const std::byte> bytes) {
  auto owner = std::make_shared<AlignedBytes>(bytes.size());
  if (!bytes.empty()) std::memcpy(owner->data(), bytes.data(), bytes.size());
  executable.constants = owner->span();
  executable.constants_owner = std::move(owner);
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
                              std::uint16_t cores, LowerDump* dump) {
  TRY(check_request(graphs, chip, cores));
  tiles::ConstantPool pool;
  for (const BatchGraph& bound : graphs) TRY(check_demands(bound, chip, pool));
  TRY_ASSIGN(Selection selection, select_programs(graphs, chip, cores, pool));

  isa::Executable executable;
  executable.chip = chip.name;
  executable.chip_digest = chip.digest;
  executable.cores = cores;
  executable.programs = std::move(selection.programs);
  name_layers(executable, graphs);
  own_constants(executable, pool.bytes());
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
