// simplify_transposes: models from TensorFlow think in NHWC and are exported with a Transpose before and
// behind every group of operators. Transposes move down through what works element by element, until they
// meet and cancel, or meet a reduction that can do without them.
#include <algorithm>

#include "compiler/graph/moves.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

using Permutation = std::vector<std::int32_t>;

Shape permuted(const Shape& shape, const Permutation& order) {
  Shape result;
  for (const std::int32_t d : order) result.push_back(shape[d]);
  return result;
}

Permutation inverse(const Permutation& order) {
  Permutation result(order.size());
  for (std::size_t d = 0; d < order.size(); ++d) result[order[d]] = static_cast<std::int32_t>(d);
  return result;
}

const Permutation& order_of(const Node& transpose) {
  return std::get<TransposeNode>(transpose.op).permutation;
}

bool join_transposes(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  auto* outer = std::get_if<TransposeNode>(&node.op);
  if (outer == nullptr) return false;
  const Node* before = edit.producer_of<TransposeNode>(node.inputs[0]);
  if (before == nullptr) return false;
  Permutation joined;
  for (const std::int32_t d : outer->permutation) joined.push_back(order_of(*before)[d]);
  node.inputs[0] = before->inputs[0];
  outer->permutation = std::move(joined);
  return true;
}

bool drop_identity(Editor& edit, std::uint32_t index) {
  const Node& node = edit.node(index);
  const auto* transpose = std::get_if<TransposeNode>(&node.op);
  if (transpose == nullptr || !std::ranges::is_sorted(transpose->permutation) ||
      edit.is_output(node.output) || edit.users(node.output).empty())
    return false;
  edit.replace_uses(node.output, node.inputs[0]);
  return true;
}

/// A transposition that only moves dimensions of 1 is a reshape.
bool transpose_of_one(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* transpose = std::get_if<TransposeNode>(&node.op);
  if (transpose == nullptr || std::ranges::is_sorted(transpose->permutation)) return false;
  std::int32_t last = -1;
  for (const std::int32_t d : transpose->permutation) {
    if (edit.shape(node.inputs[0])[d] == 1) continue;
    if (d < last) return false;
    last = d;
  }
  node.op = ReshapeNode{};
  return true;
}

/// op(transpose(x)) = transpose(op(x)), for an operator on one tensor element by element.
bool is_elementwise(const Operator& op) {
  return std::holds_alternative<UnaryNode>(op) || std::holds_alternative<QuantiseNode>(op) ||
         std::holds_alternative<DequantiseNode>(op) || std::holds_alternative<RequantiseNode>(op) ||
         std::holds_alternative<LutNode>(op) || std::holds_alternative<CastNode>(op);
}

/// Node `index`, whose operands are transposed by `order`, becomes `op` of what they were made of, and one
/// transposition behind it.
bool sink_below(Editor& edit, std::uint32_t index, Operator op, std::vector<ValueId> inputs,
                const Permutation& order) {
  Node inner{edit.node(index).name, std::move(op), std::move(inputs), kNoValue};
  Value result = edit.value(edit.node(index).output);
  result.shape = permuted(result.shape, inverse(order));
  result.name += ".moved";
  const ValueId moved = edit.insert(index, std::move(inner), std::move(result));
  edit.node(index).op = TransposeNode{order};
  edit.node(index).inputs = {moved};
  return true;
}

bool sink_through_unary(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  if (!is_elementwise(node->op)) return false;
  const Node* before = edit.producer_of<TransposeNode>(node->inputs[0]);
  if (before == nullptr || !edit.used_only_by(before->output, 1)) return false;
  return sink_below(edit, index, node->op, {before->inputs[0]}, Permutation(order_of(*before)));
}

/// Both operands transposed alike, or one of them constant.
bool sink_through_binary(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  if (!std::holds_alternative<BinaryNode>(node->op)) return false;
  const Node* a = edit.producer_of<TransposeNode>(node->inputs[0]);
  const Node* b = edit.producer_of<TransposeNode>(node->inputs[1]);
  const Node* any = a != nullptr ? a : b;
  if (any == nullptr) return false;
  const Permutation order = order_of(*any);
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < 2; ++i) {
    const Node* before = i == 0 ? a : b;
    const ValueId id = node->inputs[i];
    if (before != nullptr) {
      if (order_of(*before) != order || !edit.used_only_by(id, 1)) return false;
      inputs.push_back(before->inputs[0]);
    } else if (const Tensor* constant = edit.constant(id)) {
      inputs.push_back(edit.add_constant(transposed(*constant, inverse(order)), edit.value(id).name));
      edit.value(inputs.back()).quantisation = edit.value(id).quantisation;
    } else {
      return false;
    }
  }
  return sink_below(edit, index, edit.node(index).op, std::move(inputs), order);
}

bool sink_through_concat(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  const auto* concat = std::get_if<ConcatNode>(&node->op);
  if (concat == nullptr) return false;
  std::vector<ValueId> inputs;
  Permutation order;
  for (const ValueId id : node->inputs) {
    const Node* before = edit.producer_of<TransposeNode>(id);
    if (before == nullptr || !edit.used_only_by(id, 1) || (!order.empty() && order != order_of(*before)))
      return false;
    order = order_of(*before);
    inputs.push_back(before->inputs[0]);
  }
  return sink_below(edit, index, ConcatNode{order[concat->axis]}, std::move(inputs), order);
}

/// pad(transpose(x)) = transpose(pad(x)).
bool sink_through_pad(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  const auto* pad = std::get_if<PadNode>(&node->op);
  if (pad == nullptr) return false;
  const Node* before = edit.producer_of<TransposeNode>(node->inputs[0]);
  if (before == nullptr || !edit.used_only_by(before->output, 1)) return false;
  const Permutation order = order_of(*before);
  PadNode moved_pad{.before = {}, .value = pad->value};
  for (const std::int32_t d : inverse(order)) moved_pad.before.push_back(pad->before[d]);
  return sink_below(edit, index, std::move(moved_pad), {before->inputs[0]}, order);
}

/// A reduction of a transposed tensor reduces the tensor's own dimensions, if what is left keeps its order.
bool reduce_of_transpose(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  auto* reduce = std::get_if<ReduceNode>(&node.op);
  if (reduce == nullptr || reduce->keep_dims) return false;
  const Node* before = edit.producer_of<TransposeNode>(node.inputs[0]);
  if (before == nullptr) return false;
  const Permutation& order = order_of(*before);
  std::vector<std::int32_t> axes, kept;
  for (std::size_t d = 0; d < order.size(); ++d) {
    const bool gone = std::ranges::find(reduce->axes, static_cast<std::int32_t>(d)) != reduce->axes.end();
    (gone ? axes : kept).push_back(order[d]);
  }
  if (!std::ranges::is_sorted(kept)) return false;
  std::ranges::sort(axes);
  reduce->axes = std::move(axes);
  node.inputs[0] = before->inputs[0];
  return true;
}

/// A mean or maximum over height and width is a global pooling, which has a quantised form.
bool pool_of_reduce(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  const auto* reduce = std::get_if<ReduceNode>(&node->op);
  const Shape x = edit.shape(node->inputs[0]);
  if (reduce == nullptr || x.size() != 4 || reduce->axes != Permutation{2, 3} ||
      (reduce->kind != isa::ReduceKind::kMean && reduce->kind != isa::ReduceKind::kMax))
    return false;
  PoolNode pool{
      .kind = reduce->kind == isa::ReduceKind::kMean ? isa::PoolKind::kAverage : isa::PoolKind::kMax,
      .window = {}};
  pool.window.kernel_h = static_cast<std::int32_t>(x[2]);
  pool.window.kernel_w = static_cast<std::int32_t>(x[3]);
  Node inner{node->name, pool, {node->inputs[0]}, kNoValue};
  Value result = edit.value(node->output);
  result.shape = {x[0], x[1], 1, 1};
  result.name += ".pooled";
  const ValueId pooled = edit.insert(index, std::move(inner), std::move(result));
  edit.node(index).op = ReshapeNode{};
  edit.node(index).inputs = {pooled};
  return true;
}

}  // namespace

void simplify_transposes(Graph& graph, Notes& notes) {
  apply_rules(graph,
              {join_transposes, drop_identity, transpose_of_one, sink_through_unary, sink_through_binary,
               sink_through_concat, sink_through_pad, reduce_of_transpose, pool_of_reduce});
  canonicalise(graph, notes);  // what has moved together may now join
}

}  // namespace chengying::compiler
