#include "compiler/passes/rewrite.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler {

Editor::Editor(Graph& graph) : graph_(graph) {
  refresh();
}

void Editor::refresh() {
  producers_ = producers_of(graph_);
  users_ = users_of(graph_);
}

Node* Editor::producer(ValueId id) {
  return id == kNoValue || producers_[id] == kNoValue ? nullptr : &graph_.nodes[producers_[id]];
}

bool Editor::is_output(ValueId id) const {
  return std::ranges::find(graph_.outputs, id) != graph_.outputs.end();
}

Node* Editor::only_user(ValueId id) {
  return used_only_by(id, 1) ? &graph_.nodes[users_[id].front()] : nullptr;
}

ValueId Editor::add(Value value) {
  producers_.push_back(kNoValue);
  users_.emplace_back();
  return graph_.add(std::move(value));
}

ValueId Editor::add_constant(Tensor tensor, std::string name) {
  Value value{.name = std::move(name),
              .dtype = tensor.dtype(),
              .shape = tensor.shape(),
              .quantisation = {},
              .constant = {}};
  value.constant = std::make_shared<Tensor>(std::move(tensor));
  return add(std::move(value));
}

ValueId Editor::insert(std::uint32_t& index, Node node, Value result) {
  result.constant = nullptr;
  const ValueId id = add(std::move(result));
  node.output = id;
  graph_.nodes.insert(graph_.nodes.begin() + index, std::move(node));
  ++index;
  return id;
}

void Editor::replace_uses(ValueId from, ValueId to) {
  for (Node& node : graph_.nodes) {
    std::ranges::replace(node.inputs, from, to);
    if (auto* conv = std::get_if<ConvNode>(&node.op); conv != nullptr && conv->fused.residual == from)
      conv->fused.residual = to;
    if (auto* dense = std::get_if<DenseNode>(&node.op); dense != nullptr && dense->fused.residual == from)
      dense->fused.residual = to;
  }
}

void apply_rules(Graph& graph, std::initializer_list<Rule> rules) {
  Editor editor(graph);
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
      for (const Rule rule : rules) {
        if (!rule(editor, i)) continue;
        changed = true;
        editor.refresh();
        if (i >= graph.nodes.size()) break;
      }
    sweep(graph);
    editor.refresh();
  }
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

void move_node(Graph& graph, std::uint32_t from, std::uint32_t to) {
  CHECK(from < to && to <= graph.nodes.size());
  std::rotate(graph.nodes.begin() + from, graph.nodes.begin() + from + 1, graph.nodes.begin() + to);
}

}  // namespace chengying::compiler
