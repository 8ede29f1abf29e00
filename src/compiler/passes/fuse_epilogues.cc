// fuse_epilogues: what follows a convolution or matrix product element by element is done before its result
// is stored: first an addition of a tensor of the same shape, then bounds. The form that isa::Epilogue has.
// In real numbers here; fuse_residuals does the same for what a quantised model rounds in between.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

struct Bounds {
  float low = -isa::kInfinity, high = isa::kInfinity;
};

std::optional<Bounds> bounds_of(const Operator& op) {
  const auto* unary = std::get_if<UnaryNode>(&op);
  if (unary == nullptr) return std::nullopt;
  if (unary->kind == isa::UnaryKind::kRelu) return Bounds{.low = 0};
  if (unary->kind == isa::UnaryKind::kClip && unary->alpha <= unary->beta)
    return Bounds{unary->alpha, unary->beta};
  return std::nullopt;
}

/// The bounds of both, one after the other.
bool tighten(float& low, float& high, const Bounds& next) {
  if (next.low > high || next.high < low) return false;  // constant: not worth a form
  low = std::max(low, next.low);
  high = std::min(high, next.high);
  return true;
}

bool tighten(Operator& op, const Bounds& next) {
  if (auto* conv = std::get_if<ConvNode>(&op)) return tighten(conv->fused.low, conv->fused.high, next);
  if (auto* dense = std::get_if<DenseNode>(&op)) return tighten(dense->fused.low, dense->fused.high, next);
  if (auto* binary = std::get_if<BinaryNode>(&op)) return tighten(binary->low, binary->high, next);
  return false;
}

bool take_bounds(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const std::optional<Bounds> bounds = bounds_of(node.op);
  if (!bounds) return false;
  Node* before = edit.producer(node.inputs[0]);
  if (before == nullptr || !edit.used_only_by(before->output, 1) || !tighten(before->op, *bounds))
    return false;
  before->output = node.output;  // its old value has no maker and no reader: node goes with it
  edit.remove(index);
  return true;
}

bool can_take_residual(Editor& edit, const Node* linear) {
  if (linear == nullptr || fused_of(linear->op) == nullptr) return false;
  return *fused_of(linear->op) == Fused{} && edit.used_only_by(linear->output, 1);
}

bool fuse_addition(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* add = std::get_if<BinaryNode>(&node.op);
  if (add == nullptr || add->kind != isa::BinaryKind::kAdd || node.inputs[0] == node.inputs[1]) return false;
  if (edit.shape(node.inputs[0]) != edit.shape(node.inputs[1])) return false;
  // Of two convolutions the later one adds the earlier one's result.
  Node* linear = nullptr;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* candidate = edit.producer(node.inputs[i]);
    if (!can_take_residual(edit, candidate) || edit.constant(node.inputs[1 - i]) != nullptr) continue;
    if (linear != nullptr && candidate < linear) continue;
    linear = candidate;
    taken = i;
  }
  if (linear == nullptr) return false;
  absorb(edit, *linear, index,
         {.inner = {}, .residual = node.inputs[1 - taken], .low = add->low, .high = add->high});
  return true;
}

}  // namespace

void fuse_epilogues(Graph& graph, Notes&) {
  // Bounds first: a convolution with a Relu of its own can't add anything behind it.
  apply_rules(graph, {take_bounds});
  apply_rules(graph, {fuse_addition});
}

void fuse_bounds(Graph& graph, Notes&) {
  apply_rules(graph, {take_bounds});
}

}  // namespace chengying::compiler
