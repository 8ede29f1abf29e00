// sayable: whether instructions can say what a graph asks for: sizes within the instruction set's limits,
// numbers that are finite. What isa::verify would refuse because of the model, and not because of us, is
// refused here, by the node's name.
#pragma once

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/tiles/tiles.h"

namespace chengying::compiler {

/// kTooLarge or kInvalidArgument with the first node at fault. `tiles` are those of `graph` on one core: a
/// step's layer is its node.
Status check_sayable(const Graph& graph, const tiles::Tiles& tiles);

}  // namespace chengying::compiler
