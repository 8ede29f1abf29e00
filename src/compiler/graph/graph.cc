#include "compiler/graph/graph.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler {
namespace {

bool keeps_order(const Value& from, const Value& to) {
  if (from.layout == to.layout) return true;
  const Shape& s = from.shape;  // rank 4: the layouts agree if there is one pixel or one channel
  return s.size() == 4 && (s[2] * s[3] == 1 || s[1] == 1);
}

bool row_major_bytes(const Value& value) {
  if (value.layout == Layout::kRowMajor) return true;
  const Shape& s = value.shape;
  return s[2] * s[3] == 1 || s[1] == 1;
}

/// Memory order of a value's logical dimensions, outermost first.
std::vector<std::int32_t> memory_order(const Value& value) {
  std::vector<std::int32_t> order(value.shape.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  if (value.layout == Layout::kChannelsLast) order = {0, 2, 3, 1};
  return order;
}

/// A transposition keeps the bytes if the dimensions larger than 1 lie in the same order in memory.
bool transpose_keeps_bytes(const Value& from, const Value& to, const TransposeNode& op) {
  std::vector<std::int32_t> before, after;
  for (const std::int32_t d : memory_order(from))
    if (from.shape[d] != 1) before.push_back(d);
  for (const std::int32_t d : memory_order(to))
    if (to.shape[d] != 1) after.push_back(op.permutation[d]);
  return before == after;
}

}  // namespace

std::string_view name_of(const Operator& op) {
  static constexpr std::array<std::string_view, std::variant_size_v<Operator>> kNames{
      "conv",       "dense",      "pool",   "binary",  "unary",     "softmax", "reduce", "quantise",
      "dequantise", "requantise", "concat", "reshape", "transpose", "slice",   "pad",    "upsample",
      "relayout",   "lut",        "cast",   "matmul",  "gather",    "norm"};
  return kNames[op.index()];
}

bool keeps_bytes(const Graph& graph, const Node& node) {
  const Value& to = graph.value(node.output);
  if (node.inputs.empty()) return false;
  const Value& from = graph.value(node.inputs[0]);
  if (std::holds_alternative<RelayoutNode>(node.op)) return keeps_order(from, to);
  if (std::holds_alternative<ReshapeNode>(node.op)) return row_major_bytes(from) && row_major_bytes(to);
  if (const auto* transpose = std::get_if<TransposeNode>(&node.op))
    return transpose_keeps_bytes(from, to, *transpose);
  return false;
}

std::vector<ValueId> operands_of(const Node& node) {
  std::vector<ValueId> operands;
  for (const ValueId id : node.inputs)
    if (id != kNoValue) operands.push_back(id);
  if (const Fused* fused = fused_of(node.op); fused != nullptr && fused->residual != kNoValue)
    operands.push_back(fused->residual);
  return operands;
}

const Fused* fused_of(const Operator& op) {
  if (const auto* conv = std::get_if<ConvNode>(&op)) return &conv->fused;
  if (const auto* dense = std::get_if<DenseNode>(&op)) return &dense->fused;
  return nullptr;
}

std::vector<std::uint32_t> producers_of(const Graph& graph) {
  std::vector<std::uint32_t> producers(graph.values.size(), kNoValue);
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) producers[graph.nodes[i].output] = i;
  return producers;
}

std::vector<std::vector<std::uint32_t>> users_of(const Graph& graph) {
  std::vector<std::vector<std::uint32_t>> users(graph.values.size());
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
    for (const ValueId id : operands_of(graph.nodes[i]))
      if (users[id].empty() || users[id].back() != i) users[id].push_back(i);
  return users;
}

void sweep(Graph& graph) {
  std::vector<bool> needed(graph.values.size());
  for (const ValueId id : graph.inputs) needed[id] = true;
  for (const ValueId id : graph.outputs) needed[id] = true;
  std::vector<Node> kept;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!needed[graph.nodes[i].output]) continue;
    for (const ValueId id : operands_of(graph.nodes[i])) needed[id] = true;
    kept.push_back(std::move(graph.nodes[i]));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);

  std::vector<ValueId> place(graph.values.size(), kNoValue);
  std::vector<Value> values;
  for (ValueId id = 0; id < place.size(); ++id) {
    if (!needed[id]) continue;
    place[id] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[id]));
  }
  graph.values = std::move(values);
  const auto move = [&](ValueId& id) {
    if (id != kNoValue) id = place[id];
  };
  for (Node& node : graph.nodes) {
    std::ranges::for_each(node.inputs, move);
    move(node.output);
    if (auto* conv = std::get_if<ConvNode>(&node.op)) move(conv->fused.residual);
    if (auto* dense = std::get_if<DenseNode>(&node.op)) move(dense->fused.residual);
  }
  std::ranges::for_each(graph.inputs, move);
  std::ranges::for_each(graph.outputs, move);
}

}  // namespace chengying::compiler
