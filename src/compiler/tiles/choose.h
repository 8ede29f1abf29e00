// choose: decisions for a graph, scored by the chip's own timing function. Strategies propose, the walk over
// the program that they lead to disposes; no second cost model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/tiles/constants.h"
#include "compiler/tiles/decisions.h"
#include "compiler/tiles/tiles.h"
#include "isa/spec.h"

namespace chengying::compiler::tiles {

/// A program that was built from decisions, with what it costs.
struct Candidate {
  std::size_t number = 0;  // in the order of trying: ties go to the earlier one
  Decisions decisions;
  isa::Program program;  // residences as if it were alone
  std::uint64_t cycles = 0;
  std::uint64_t picojoules = 0;
  std::size_t handovers = 0;     // waits of one core for another
  std::uint64_t sram_bytes = 0;  // of the fullest core, constants included
  std::uint64_t dram_bytes = 0;
};

/// Builds, places and times one set of decisions. A program that doesn't fit is placed again with more reuse.
Result<Candidate> evaluate(const Graph& graph, std::int32_t batch, const Decisions& decisions,
                           const isa::ChipSpec& chip, std::uint16_t cores, ConstantPool& pool);

bool fits(const Candidate& candidate, const isa::ChipSpec& chip, std::uint16_t cores);

/// What candidates are compared by: the cycles of those that fit; above all of these the bytes of the others.
std::uint64_t cost_of(const Candidate& candidate, const isa::ChipSpec& chip, std::uint16_t cores);

/// Decisions worth trying, none twice: splits of one kind preferred throughout, in every order of preference.
std::vector<Decisions> proposals(const Graph& graph, std::uint16_t cores);

/// The candidates for one graph, best first: those that fit by cycles, then the others by memory. Of those
/// within half a percent of the best the one whose cores wait for each other least often comes first: the
/// timing model has no price for a hand-over between cores, a machine does.
Result<std::vector<Candidate>> choose(const Graph& graph, std::int32_t batch, const isa::ChipSpec& chip,
                                      std::uint16_t cores, ConstantPool& pool);

}  // namespace chengying::compiler::tiles
