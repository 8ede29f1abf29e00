// fuse_residuals: a quantised model's convolution, rounded to u8, dequantised and added to another tensor,
// becomes one instruction that rounds in between as the model says (Fused::inner). Without the detour through
// memory.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/quantised_values.h"
#include "compiler/scales.h"

namespace chengying::compiler {
namespace {

/// The convolution's own bounds must follow from rounding to u8: the epilogue has bounds only at its end.
bool bounds_are_implied(const Fused& fused, const Quantisation& q) {
  const float zero = static_cast<float>(q.zero_point);
  return bound_in_steps(fused.low, q.scale()) <= -zero && bound_in_steps(fused.high, q.scale()) >= 255 - zero;
}

Node* candidate(Editor& edit, ValueId id) {
  Node* node = edit.producer(id);
  if (node == nullptr || fused_of(node->op) == nullptr || edit.value(id).dtype != DType::kU8) return nullptr;
  const Fused& fused = *fused_of(node->op);
  const bool free = !fused.inner && fused.residual == kNoValue && edit.used_only_by(id, 1) &&
                    bounds_are_implied(fused, *edit.value(id).quantisation);
  return free ? node : nullptr;
}

bool fuse(Editor& edit, std::uint32_t index) {
  const Node node = edit.node(index);
  const auto* add = std::get_if<BinaryNode>(&node.op);
  if (add == nullptr || add->kind != isa::BinaryKind::kAdd || edit.value(node.output).dtype != DType::kU8)
    return false;
  if (node.inputs[0] == node.inputs[1] || edit.shape(node.inputs[0]) != edit.shape(node.inputs[1]))
    return false;
  Node *a = candidate(edit, node.inputs[0]), *b = candidate(edit, node.inputs[1]);
  if (edit.constant(node.inputs[1]) != nullptr) a = nullptr;
  if (edit.constant(node.inputs[0]) != nullptr) b = nullptr;
  if (a == nullptr && b == nullptr) return false;
  Node* linear = std::max(a, b);  // the later one: the other is its residual
  const ValueId residual = node.inputs[linear == a ? 1 : 0];
  absorb(edit, *linear, index,
         {.inner = edit.value(linear->output).quantisation,
          .residual = residual,
          .low = add->low,
          .high = add->high});
  return true;
}

}  // namespace

void fuse_residuals(Graph& graph, Notes&) {
  apply_rules(graph, {fuse});
}

}  // namespace chengying::compiler
