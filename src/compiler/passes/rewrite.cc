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

void absorb(Editor& edit, Node& linear, std::uint32_t index, const Fused& fused) {
  if (auto* conv = std::get_if<ConvNode>(&linear.op))
    conv->fused = fused;
  else
    std::get<DenseNode>(linear.op).fused = fused;
  linear.output = edit.node(index).output;
  Graph& graph = edit.graph();
  const auto from = static_cast<std::uint32_t>(&linear - graph.nodes.data());
  graph.nodes.erase(graph.nodes.begin() + index);
  if (from + 1 < index) move_node(graph, from, index);
}

void move_node(Graph& graph, std::uint32_t from, std::uint32_t to) {
  CHECK(from < to && to <= graph.nodes.size());
  std::rotate(graph.nodes.begin() + from, graph.nodes.begin() + from + 1, graph.nodes.begin() + to);
}

}  // namespace chengying::compiler
