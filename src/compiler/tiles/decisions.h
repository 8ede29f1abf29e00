// Decisions: what a hand, a heuristic or a search may choose about a program, as data: how each node is split
// over the cores of the slice, and in how many pieces a core makes its block.
#pragma once

#include <string>
#include <vector>

#include "compiler/tiles/regions.h"

namespace chengying::compiler::tiles {

struct Decisions {
  std::vector<Split> of_node;  // as Graph::nodes
  /// As Graph::nodes, or empty: one each. Pieces are made one after the other, so that what comes next (a
  /// copy, another engine) begins before the whole block is there.
  std::vector<std::int32_t> pieces = {};
  std::int32_t pieces_of(std::size_t node) const { return pieces.empty() ? 1 : pieces[node]; }
  bool operator==(const Decisions&) const = default;
};

/// "conv1: rows", "fc: channels, 4 pieces", one line for each node.
std::string print(const Graph& graph, const Decisions& decisions);

}  // namespace chengying::compiler::tiles
