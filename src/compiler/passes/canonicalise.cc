// canonicalise: one way to say each thing. Identities go, reshapes join, padding moves into windows, a
// flattened image times a matrix becomes a convolution, x * sigmoid(x) becomes what it is.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

bool is_identity(const Graph& graph, const Node& node) {
  const Value &in = graph.value(node.inputs[0]), &out = graph.value(node.output);
  if (std::holds_alternative<ReshapeNode>(node.op)) return in.shape == out.shape;
  if (const auto* transpose = std::get_if<TransposeNode>(&node.op))
    return std::ranges::is_sorted(transpose->permutation);
  if (const auto* unary = std::get_if<UnaryNode>(&node.op))
    return unary->kind == isa::UnaryKind::kClip && std::isinf(unary->alpha) && unary->alpha < 0 &&
           std::isinf(unary->beta) && unary->beta > 0;
  if (std::holds_alternative<ConcatNode>(node.op)) return node.inputs.size() == 1;
  return false;
}

bool drop_identity(Editor& edit, std::uint32_t index) {
  const Node& node = edit.node(index);
  if (edit.is_output(node.output) || !is_identity(edit.graph(), node) || edit.users(node.output).empty())
    return false;
  edit.replace_uses(node.output, node.inputs[0]);
  return true;
}

/// Reshape of a reshape: the first one is not needed.
bool join_reshapes(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (!std::holds_alternative<ReshapeNode>(node.op)) return false;
  Node* before = edit.producer_of<ReshapeNode>(node.inputs[0]);
  if (before == nullptr) return false;
  node.inputs[0] = before->inputs[0];
  return true;
}

/// What is never negative: padding it with 0 does not change a maximum.
bool never_negative(Editor& edit, ValueId id, int depth = 0) {
  const Node* node = edit.producer(id);
  if (node == nullptr || depth > 32) return false;
  if (const auto* unary = std::get_if<UnaryNode>(&node->op))
    return unary->kind == isa::UnaryKind::kRelu || unary->kind == isa::UnaryKind::kSigmoid ||
           unary->kind == isa::UnaryKind::kAbs || (unary->kind == isa::UnaryKind::kClip && unary->alpha >= 0);
  if (std::holds_alternative<PoolNode>(node->op) || std::holds_alternative<ReshapeNode>(node->op) ||
      std::holds_alternative<TransposeNode>(node->op) || std::holds_alternative<SliceNode>(node->op) ||
      std::holds_alternative<DequantiseNode>(node->op) || std::holds_alternative<QuantiseNode>(node->op) ||
      std::holds_alternative<UpsampleNode>(node->op))
    return never_negative(edit, node->inputs[0], depth + 1);
  return false;
}

/// Padding of height and width only; for real zeros the bytes are the zero point.
bool pads_image(const PadNode& pad, const Shape& from, const Shape& to) {
  return from.size() == 4 && pad.before[0] == 0 && pad.before[1] == 0 && from[0] == to[0] && from[1] == to[1];
}

bool pad_into_window(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  auto* conv = std::get_if<ConvNode>(&node.op);
  auto* pool = std::get_if<PoolNode>(&node.op);
  if (conv == nullptr && pool == nullptr) return false;
  const Node* before = edit.producer_of<PadNode>(node.inputs[0]);
  if (before == nullptr) return false;
  const PadNode& pad = std::get<PadNode>(before->op);
  if (!pads_image(pad, edit.shape(before->inputs[0]), edit.shape(before->output))) return false;
  isa::Window& window = conv != nullptr ? conv->window : pool->window;
  if (conv != nullptr && pad.value != 0) return false;
  if (pool != nullptr) {
    const bool lowest = std::isinf(pad.value) && pad.value < 0;
    const bool under_zero = pad.value == 0 && never_negative(edit, before->inputs[0]);
    // A window that lies wholly in the padding has no largest element.
    const Shape& x = edit.shape(before->inputs[0]);
    const Shape& y = edit.shape(node.output);
    const bool touches = pad.before[2] + window.pad_top < window.kernel_h &&
                         pad.before[3] + window.pad_left < window.kernel_w &&
                         (y[2] - 1) * window.stride_h - window.pad_top - pad.before[2] < x[2] &&
                         (y[3] - 1) * window.stride_w - window.pad_left - pad.before[3] < x[3];
    if (pool->kind != isa::PoolKind::kMax || !(lowest || under_zero) || !touches || window.dilation_h != 1 ||
        window.dilation_w != 1)
      return false;
  }
  window.pad_top += static_cast<std::int32_t>(pad.before[2]);
  window.pad_left += static_cast<std::int32_t>(pad.before[3]);
  node.inputs[0] = before->inputs[0];
  return true;
}

/// The Pad behind a dequantisation: as real padding of what the model quantised, it moves before it.
bool pad_under_dequantise(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* pad = std::get_if<PadNode>(&node.op);
  if (pad == nullptr || pad->value != 0) return false;
  const Node* before = edit.producer_of<DequantiseNode>(node.inputs[0]);
  if (before == nullptr || edit.value(before->inputs[0]).dtype != DType::kU8 || edit.is_output(node.output))
    return false;
  Value bytes = edit.value(before->inputs[0]);
  bytes.shape = edit.shape(node.output);
  bytes.name = edit.value(node.output).name + ".bytes";
  Node padding = node;
  padding.inputs = {before->inputs[0]};
  const ValueId padded = edit.insert(index, std::move(padding), std::move(bytes));
  Node& real = edit.node(index);
  real.op = DequantiseNode{};
  real.inputs = {padded};
  return true;
}

/// [n,c,h,w] flattened, times a matrix: a convolution whose kernel is the image. The sums' order changes with
/// it.
bool dense_of_image(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (!std::holds_alternative<DenseNode>(node.op) || edit.is_output(node.output)) return false;
  const Node* flatten = edit.producer_of<ReshapeNode>(node.inputs[0]);
  if (flatten == nullptr || edit.constant(node.inputs[1]) == nullptr) return false;
  const Shape image = edit.shape(flatten->inputs[0]), flat = edit.shape(node.inputs[0]);
  if (image.size() != 4 || image[2] * image[3] == 1 || image[2] * image[3] > 4096 || flat.size() != 2 ||
      flat[0] != image[0])
    return false;
  const Fused fused = std::get<DenseNode>(node.op).fused;
  if (fused.residual != kNoValue) return false;
  const std::int64_t k = edit.shape(node.output)[1];
  const Shape wide{k, image[1], image[2], image[3]};
  const ValueId weights =
      edit.add_constant(edit.constant(node.inputs[1])->reshaped(wide), edit.value(node.inputs[1]).name);
  ConvNode conv{.window = {}, .groups = 1, .fused = fused};
  conv.window.kernel_h = static_cast<std::int32_t>(image[2]);
  conv.window.kernel_w = static_cast<std::int32_t>(image[3]);
  Node replacement{node.name, std::move(conv), {flatten->inputs[0], weights, node.inputs[2]}, kNoValue};
  Value result = edit.value(node.output);
  result.shape = {image[0], k, 1, 1};
  result.name += ".image";
  const ValueId y = edit.insert(index, std::move(replacement), std::move(result));
  edit.node(index).op = ReshapeNode{};
  edit.node(index).inputs = {y};
  return true;
}

/// x * sigmoid(x) = silu(x); x * hard_sigmoid(x) with 1/6 and 1/2 = hard_swish(x).
bool gated_unit(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* product = std::get_if<BinaryNode>(&node.op);
  if (product == nullptr || product->kind != isa::BinaryKind::kMul) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const ValueId x = node.inputs[1 - i];
    const Node* gate = edit.producer_of<UnaryNode>(node.inputs[i]);
    if (gate == nullptr || gate->inputs[0] != x) continue;
    const UnaryNode& unary = std::get<UnaryNode>(gate->op);
    const bool hard = unary.kind == isa::UnaryKind::kHardSigmoid &&
                      std::abs(unary.alpha - 1.0F / 6) < 1e-6F && unary.beta == 0.5F;
    if (unary.kind != isa::UnaryKind::kSigmoid && !hard) continue;
    node.op =
        UnaryNode{.kind = hard ? isa::UnaryKind::kHardSwish : isa::UnaryKind::kSilu, .alpha = 0, .beta = 0};
    node.inputs = {x};
    return true;
  }
  return false;
}

}  // namespace

void canonicalise(Graph& graph, Notes&) {
  apply_rules(graph, {drop_identity, join_reshapes, pad_under_dequantise, pad_into_window, dense_of_image,
                      gated_unit});
}

}  // namespace chengying::compiler
