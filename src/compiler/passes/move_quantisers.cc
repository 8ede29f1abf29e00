// move_quantisers: dequantisations move down and quantisations up through what only moves or chooses
// elements, so that bytes are moved and not floats; where the two meet they cancel, or become one table.
// Exact: rounding is monotonic, and commutes with moving and with taking a maximum.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/quantised_values.h"

namespace chengying::compiler {
namespace {

/// Operators on one tensor through which bytes go as well as floats.
bool moves_one(const Operator& op, const Quantisation& quantisation) {
  if (const auto* pool = std::get_if<PoolNode>(&op)) return pool->kind == isa::PoolKind::kMax;
  if (const auto* pad = std::get_if<PadNode>(&op)) return representable(pad->value, quantisation);
  return std::holds_alternative<ReshapeNode>(op) || std::holds_alternative<TransposeNode>(op) ||
         std::holds_alternative<SliceNode>(op) || std::holds_alternative<UpsampleNode>(op);
}

/// move(dequantise(q)) = dequantise(move(q)).
bool sink_dequantise(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  const ValueId bytes = node->inputs.size() == 1 ? bytes_behind(edit, node->inputs[0]) : kNoValue;
  if (bytes == kNoValue || !moves_one(node->op, *edit.value(bytes).quantisation)) return false;
  Value moved = like(edit.value(bytes), edit.value(node->output).name + ".bytes");
  moved.shape = edit.shape(node->output);
  const Node inner{node->name, node->op, {bytes}, kNoValue};
  const ValueId id = edit.insert(index, inner, std::move(moved));
  edit.node(index).op = DequantiseNode{};
  edit.node(index).inputs = {id};
  return true;
}

/// concat(dequantise(a), dequantise(b)) = dequantise(concat(a, b)) if their scales are the same.
bool sink_through_concat(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  if (!std::holds_alternative<ConcatNode>(node->op)) return false;
  std::vector<ValueId> parts;
  for (const ValueId id : node->inputs) {
    parts.push_back(bytes_behind(edit, id));
    if (parts.back() == kNoValue ||
        edit.value(parts.back()).quantisation != edit.value(parts.front()).quantisation)
      return false;
  }
  Value joined = like(edit.value(parts.front()), edit.value(node->output).name + ".bytes");
  joined.shape = edit.shape(node->output);
  const Node inner{node->name, node->op, std::move(parts), kNoValue};
  const ValueId id = edit.insert(index, inner, std::move(joined));
  edit.node(index).op = DequantiseNode{};
  edit.node(index).inputs = {id};
  return true;
}

/// quantise(move(x)) = move(quantise(x)).
bool raise_quantise(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  if (!std::holds_alternative<QuantiseNode>(node->op)) return false;
  const Node* before = edit.producer(node->inputs[0]);
  const Quantisation quantisation = *edit.value(node->output).quantisation;
  if (before == nullptr || before->inputs.size() != 1 || !moves_one(before->op, quantisation) ||
      !edit.used_only_by(before->output, 1))
    return false;
  if (bytes_behind(edit, before->inputs[0]) != kNoValue) return false;  // sinking comes first
  const Operator op = before->op;
  Value bytes = like(edit.value(node->output), edit.value(before->inputs[0]).name + ".bytes");
  bytes.shape = edit.shape(before->inputs[0]);
  const Node inner{node->name, QuantiseNode{}, {before->inputs[0]}, kNoValue};
  const std::string name = before->name;
  const ValueId id = edit.insert(index, inner, std::move(bytes));
  edit.node(index) = Node{name, op, {id}, edit.node(index).output};
  return true;
}

/// quantise(concat(a, b)) = concat(quantise(a), quantise(b)).
bool raise_through_concat(Editor& edit, std::uint32_t index) {
  const Node* node = &edit.node(index);
  if (!std::holds_alternative<QuantiseNode>(node->op)) return false;
  const Node* before = edit.producer_of<ConcatNode>(node->inputs[0]);
  if (before == nullptr || !edit.used_only_by(before->output, 1)) return false;
  const Node concat = *before;
  const std::string name = node->name;
  const Value result = edit.value(node->output);
  std::vector<ValueId> parts;
  for (const ValueId part : concat.inputs) {
    Value bytes = like(result, fmt::format("{}.{}", result.name, parts.size()));
    bytes.shape = edit.shape(part);
    parts.push_back(edit.insert(index, Node{name, QuantiseNode{}, {part}, kNoValue}, std::move(bytes)));
  }
  Node& last = edit.node(index);
  last = Node{concat.name, concat.op, std::move(parts), last.output};
  return true;
}

/// quantise(dequantise(q)): nothing, or a table from one scale to the other.
bool meet(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (!std::holds_alternative<QuantiseNode>(node.op)) return false;
  const ValueId bytes = bytes_behind(edit, node.inputs[0]);
  if (bytes == kNoValue) return false;
  const Value &from = edit.value(bytes), &to = edit.value(node.output);
  const bool same = from.quantisation == to.quantisation && from.dtype == to.dtype;
  if (same && !edit.is_output(node.output)) {
    if (edit.users(node.output).empty()) return false;
    edit.replace_uses(node.output, bytes);
    return true;
  }
  node.op = RequantiseNode{};
  node.inputs = {bytes};
  return true;
}

/// Two quantisations of one value to one scale are one.
bool share_quantiser(Editor& edit, std::uint32_t index) {
  const Node& node = edit.node(index);
  if (!std::holds_alternative<QuantiseNode>(node.op) || edit.is_output(node.output)) return false;
  if (edit.users(node.output).empty()) return false;
  for (const std::uint32_t other : edit.users(node.inputs[0])) {
    const Node& first = edit.node(other);
    if (!edit.is_before(other, index) || !std::holds_alternative<QuantiseNode>(first.op)) continue;
    const Value &a = edit.value(first.output), &b = edit.value(node.output);
    if (a.quantisation != b.quantisation || a.dtype != b.dtype) continue;
    edit.replace_uses(node.output, first.output);
    return true;
  }
  return false;
}

}  // namespace

void move_quantisers(Graph& graph, Notes&) {
  apply_rules(graph, {meet, share_quantiser, sink_dequantise, sink_through_concat, raise_quantise,
                      raise_through_concat});
}

}  // namespace chengying::compiler
