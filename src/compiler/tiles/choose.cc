#include "compiler/tiles/choose.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "compiler/tiles/build.h"
#include "compiler/tiles/kinds.h"
#include "compiler/tiles/place.h"
#include "compiler/tiles/program.h"
#include "timing/timing.h"

namespace chengying::compiler::tiles {

namespace {

using Preference = std::array<Kind, 3>;

/// The first kind of the preference that loads the cores well; else the split that loads them best.
Split preferred(const Graph& graph, const Node& node, std::uint16_t cores, const Preference& preference) {
  constexpr double kGoodBalance = 0.8;
  const std::vector<Split> splits = splits_of(graph, node);
  const std::size_t rank = graph.value(node.output).shape.size();
  for (const Kind kind : preference) {
    for (const Split split : splits) {
      if (split.dimension == Split::kNone || kind_of(split, rank) != kind) continue;
      if (balance_of(graph, node, split, cores) >= kGoodBalance) return split;
    }
  }
  return *std::ranges::max_element(splits, {},
                                   [&](Split split) { return balance_of(graph, node, split, cores); });
}

Decisions by_preference(const Graph& graph, std::uint16_t cores, const Preference& preference) {
  Decisions decisions;
  for (const Node& node : graph.nodes) {
    decisions.of_node.push_back(preferred(graph, node, cores, preference));
  }
  return decisions;
}

void add_once(std::vector<Decisions>& all, Decisions decisions) {
  if (std::ranges::find(all, decisions) == all.end()) all.push_back(std::move(decisions));
}

std::size_t handovers_of(const isa::Program& program) {
  std::size_t count = 0;
  for (const isa::Instruction& instruction : program.instructions) {
    count += static_cast<std::size_t>(std::ranges::count_if(instruction.waits, [&](std::uint32_t wait) {
      return program.instructions[wait].core != instruction.core;
    }));
  }
  return count;
}

void sort_by_quality(std::vector<Candidate>& candidates, const isa::ChipSpec& chip, std::uint16_t cores) {
  constexpr std::uint64_t kTolerance = 200;  // a part of the cycles
  std::ranges::sort(candidates, [&](const Candidate& a, const Candidate& b) {
    const std::uint64_t a_cost = cost_of(a, chip, cores), b_cost = cost_of(b, chip, cores);
    return a_cost != b_cost ? a_cost < b_cost : a.number < b.number;
  });
  const std::uint64_t best = candidates.front().cycles;
  const auto end = std::ranges::find_if(candidates, [&](const Candidate& candidate) {
    return !fits(candidate, chip, cores) || candidate.cycles > best + best / kTolerance;
  });
  if (end == candidates.begin()) return;
  const auto calmest = std::ranges::min_element(candidates.begin(), end, {}, &Candidate::handovers);
  std::rotate(candidates.begin(), calmest, calmest + 1);
}

/// The first `count` nodes as `a` has them, the rest as `b` does.
Decisions joined(const Decisions& a, const Decisions& b, std::size_t count) {
  Decisions result = b;
  std::copy_n(a.of_node.begin(), count, result.of_node.begin());
  return result;
}

}  // namespace

bool fits(const Candidate& candidate, const isa::ChipSpec& chip, std::uint16_t cores) {
  const std::uint64_t sram = static_cast<std::uint64_t>(chip.memory.sram_bytes);
  const std::uint64_t dram = static_cast<std::uint64_t>(chip.memory.dram_bytes) *
                             static_cast<std::uint64_t>(cores) / static_cast<std::uint64_t>(chip.cores);
  return candidate.sram_bytes <= sram && candidate.dram_bytes <= dram;
}

std::uint64_t cost_of(const Candidate& candidate, const isa::ChipSpec& chip, std::uint16_t cores) {
  constexpr std::uint64_t kTooLarge = std::uint64_t{1} << 62;  // no program takes so long
  if (fits(candidate, chip, cores)) return candidate.cycles;
  return kTooLarge + candidate.sram_bytes + candidate.dram_bytes;
}

Result<Candidate> evaluate(const Graph& graph, std::int32_t batch, const Decisions& decisions,
                           const isa::ChipSpec& chip, std::uint16_t cores, ConstantPool& pool) {
  TRY_ASSIGN(Tiles tiles, build(graph, batch, decisions, chip, cores, pool));
  Candidate candidate;
  candidate.decisions = decisions;
  for (const Reuse reuse : {Reuse::kOrdered, Reuse::kAlways}) {
    const Places places = place_buffers(tiles, cores, reuse);
    isa::Program program = program_of(tiles, places);
    program.residences = residences_of(std::span(&program, 1), chip, pool.bytes().size());
    const Footprint footprint = footprint_of(std::span(&program, 1), program.residences, cores);
    candidate.sram_bytes = footprint.sram_bytes_max();
    candidate.dram_bytes = footprint.dram_bytes;
    candidate.program = std::move(program);
    if (fits(candidate, chip, cores)) break;
  }
  if (!fits(candidate, chip, cores)) return candidate;  // its time means nothing
  const timing::Timing timing = timing::walk(candidate.program, chip, cores);
  candidate.cycles = timing.cycles;
  candidate.picojoules = timing.picojoules;
  candidate.handovers = handovers_of(candidate.program);
  return candidate;
}

std::vector<Decisions> proposals(const Graph& graph, std::uint16_t cores) {
  std::vector<Decisions> all;
  using enum Kind;
  constexpr std::array<Preference, 6> kPreferences{{{kBatch, kRows, kChannels},
                                                    {kRows, kChannels, kBatch},
                                                    {kRows, kBatch, kChannels},
                                                    {kBatch, kChannels, kRows},
                                                    {kChannels, kRows, kBatch},
                                                    {kChannels, kBatch, kRows}}};
  if (cores > 1) {
    for (const Preference& preference : kPreferences) add_once(all, by_preference(graph, cores, preference));
  }
  add_once(all, Decisions{std::vector<Split>(graph.nodes.size())});
  return all;
}

Result<std::vector<Candidate>> choose(const Graph& graph, std::int32_t batch, const isa::ChipSpec& chip,
                                      std::uint16_t cores, ConstantPool& pool) {
  const std::size_t change_points = graph.nodes.size() > 1000 ? 2 : 12;  // a large graph is slow to try
  std::vector<Decisions> tried = proposals(graph, cores);
  std::vector<Candidate> candidates;
  for (const Decisions& decisions : tried) {
    TRY_ASSIGN(Candidate candidate, evaluate(graph, batch, decisions, chip, cores, pool));
    candidate.number = candidates.size();
    candidates.push_back(std::move(candidate));
  }
  sort_by_quality(candidates, chip, cores);
  if (candidates.size() < 2) return candidates;
  // Images shrink and channels grow with depth, so the best split often changes somewhere in between.
  const Decisions first = candidates[0].decisions, second = candidates[1].decisions;
  for (std::size_t i = 1; i <= change_points; ++i) {
    const std::size_t count = graph.nodes.size() * i / (change_points + 1);
    for (const Decisions& decisions : {joined(first, second, count), joined(second, first, count)}) {
      if (std::ranges::find(tried, decisions) != tried.end()) continue;
      tried.push_back(decisions);
      TRY_ASSIGN(Candidate candidate, evaluate(graph, batch, decisions, chip, cores, pool));
      candidate.number = candidates.size();
      candidates.push_back(std::move(candidate));
    }
  }
  sort_by_quality(candidates, chip, cores);
  return candidates;
}

}  // namespace chengying::compiler::tiles
