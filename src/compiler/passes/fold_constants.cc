// fold_constants: nodes whose operands are all constants become constants. Dequantised constants stay as they
// are until the integer passes are done (fold_dequantised): their integers are what those passes look for.
#include <algorithm>

#include "compiler/graph/interpret.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

void fold(Graph& graph, bool dequantised_too) {
  for (const Node& node : graph.nodes) {
    const bool known = std::ranges::all_of(operands_of(node),
                                           [&](ValueId id) { return graph.value(id).constant != nullptr; });
    const Fused* fused = fused_of(node.op);
    const bool dequantise = std::holds_alternative<DequantiseNode>(node.op);
    if (!known || (fused != nullptr && fused->residual != kNoValue) || (dequantise && !dequantised_too))
      continue;
    graph.value(node.output).constant = std::make_shared<Tensor>(evaluate(graph, node));
  }
  std::erase_if(graph.nodes, [&](const Node& node) { return graph.value(node.output).constant != nullptr; });
  sweep(graph);
}

}  // namespace

void fold_constants(Graph& graph, Notes&) {
  fold(graph, false);
}
void fold_dequantised(Graph& graph, Notes&) {
  fold(graph, true);
}

}  // namespace chengying::compiler
