// Decisions: what a hand, a heuristic or a search may choose about a program, as data: how each node is split
// over the cores of the slice.
#pragma once

#include <string>
#include <vector>

#include "compiler/tiles/regions.h"

namespace chengying::compiler::tiles {

struct Decisions {
  std::vector<Split> of_node;  // as Graph::nodes
  bool operator==(const Decisions&) const = default;
};

/// "conv1: rows", "fc: channels", one line for each node.
std::string print(const Graph& graph, const Decisions& decisions);

}  // namespace chengying::compiler::tiles
