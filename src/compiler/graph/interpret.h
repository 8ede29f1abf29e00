// interpret: what a graph computes, slowly, node by node, by the same scalar definitions as the chip
// (src/reference). Tensors are in the model's order, whatever a value's layout. The law of every pass is:
// interpret before = after.
#pragma once

#include <memory>
#include <vector>

#include "compiler/graph/graph.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

/// Inputs in the graph's order, of the values' types and shapes (CHECKed); the outputs in the graph's order.
std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs);

/// As interpret, but gives every value of the graph that is an input, a constant or was computed (null
/// otherwise).
std::vector<std::shared_ptr<const Tensor>> interpret_all(const Graph& graph,
                                                         const std::vector<Tensor>& inputs);

/// One node of a graph; `values` as interpret_all gives them.
Tensor interpret_node(const Graph& graph, const Node& node,
                      const std::vector<std::shared_ptr<const Tensor>>& values);

/// A node whose operands are all constants of the graph.
Tensor evaluate(const Graph& graph, const Node& node);

}  // namespace chengying::compiler
