// Operations: the instructions that make one block of a node's output from blocks of its operands, wherever
// these lie. Knows every operator of the graph and nothing of cores, memories or order.
#pragma once

#include <vector>

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/tiles/box.h"
#include "compiler/tiles/constants.h"
#include "compiler/tiles/strided.h"

namespace chengying::compiler::tiles {

/// One block of work. `operands` are as operands_of(node) has them (parameters left empty), each a window on
/// exactly the block `boxes[i]`; `output` is a window on exactly `out`.
struct Task {
  const Graph& graph;
  const Node& node;
  Box out;
  std::vector<Box> boxes;
  std::vector<Strided> operands;
  Strided output;
  std::vector<bool> in_place;  // operands that are already where the output has them (Concat and the like)
};

/// The instructions in order; each may run after the ones before it whose bytes it touches.
/// kUnsupported: an operator in a form that no instruction has; kTooLarge: it would need too many
/// instructions.
Result<std::vector<isa::Operation>> operations_of(const Task& task, ConstantPool& pool);

}  // namespace chengying::compiler::tiles
