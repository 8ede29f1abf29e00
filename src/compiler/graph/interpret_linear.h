// The interpreter's convolutions and matrix products: operands laid out as the instruction wants them, then
// the reference. For interpret.cc only.
#pragma once

#include "compiler/graph/graph.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

/// Tensors in the model's order; bias and residual may be null.
struct LinearOperands {
  const Tensor& x;
  const Tensor& weights;
  const Tensor* bias = nullptr;
  const Tensor* residual = nullptr;
};

Tensor interpret_conv(const Graph& graph, const Node& node, const LinearOperands& operands);
Tensor interpret_dense(const Graph& graph, const Node& node, const LinearOperands& operands);
Tensor interpret_pool(const Graph& graph, const Node& node, const Tensor& x);

}  // namespace chengying::compiler
