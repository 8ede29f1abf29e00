#include "compiler/passes/rewrite.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler {

Editor::Editor(Graph& graph) : graph_(graph) {
  refresh();
}

void Editor::refresh() {
  const auto size = static_cast<std::uint32_t>(graph_.nodes.size());
  producers_ = producers_of(graph_);
  users_ = users_of(graph_);
  known_.resize(size);
  next_.resize(size);
  previous_.resize(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    known_[i] = {operands_of(graph_.nodes[i]), graph_.nodes[i].output};
    next_[i] = i + 1 < size ? i + 1 : kNoNode;
    previous_[i] = i > 0 ? i - 1 : kNoNode;
  }
  first_ = size > 0 ? 0 : kNoNode;
  number_places();
  begin_rule();
}

void Editor::number_places() {
  places_.resize(graph_.nodes.size());
  double place = 0;
  for (std::uint32_t i = first_; i != kNoNode; i = next_[i]) places_[i] = place++;
}

void Editor::begin_rule() {
  touched_.clear();
  inserted_ = kNoNode;
}

Node& Editor::node(std::uint32_t index) {
  touched_.push_back(index);
  return graph_.nodes[index];
}

Node* Editor::producer(ValueId id) {
  return id == kNoValue || producers_[id] == kNoValue ? nullptr : &node(producers_[id]);
}

bool Editor::is_output(ValueId id) const {
  return std::ranges::find(graph_.outputs, id) != graph_.outputs.end();
}

Node* Editor::only_user(ValueId id) {
  return used_only_by(id, 1) ? &node(users_[id].front()) : nullptr;
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

ValueId Editor::insert(std::uint32_t index, Node node, Value result) {
  result.constant = nullptr;
  const ValueId id = add(std::move(result));
  node.output = id;
  const auto made = static_cast<std::uint32_t>(graph_.nodes.size());
  const std::uint32_t before = previous_[index];
  graph_.nodes.push_back(std::move(node));
  known_.emplace_back();
  next_.push_back(index);
  previous_.push_back(before);
  previous_[index] = made;
  (before == kNoNode ? first_ : next_[before]) = made;
  const double from = before == kNoNode ? places_[index] - 2 : places_[before];
  places_.push_back((from + places_[index]) / 2);
  if (!(from < places_[made] && places_[made] < places_[index])) number_places();  // no room between the two
  touched_.push_back(made);
  if (inserted_ == kNoNode) inserted_ = made;
  return id;
}

void Editor::remove(std::uint32_t index) {
  Node& gone = node(index);
  gone.op = ReshapeNode{};  // without operands of its own
  gone.inputs.clear();
  gone.output = kNoValue;
}

void Editor::replace_uses(ValueId from, ValueId to) {
  follow();  // what the rule has changed so far may read it
  const std::vector<std::uint32_t> readers = users_[from];
  for (const std::uint32_t index : readers) {
    Node& reader = node(index);
    std::ranges::replace(reader.inputs, from, to);
    if (auto* conv = std::get_if<ConvNode>(&reader.op); conv != nullptr && conv->fused.residual == from)
      conv->fused.residual = to;
    if (auto* dense = std::get_if<DenseNode>(&reader.op); dense != nullptr && dense->fused.residual == from)
      dense->fused.residual = to;
  }
}

void Editor::forget(std::uint32_t index) {
  Known& known = known_[index];
  if (known.output != kNoValue && producers_[known.output] == index) producers_[known.output] = kNoValue;
  for (const ValueId id : known.operands) std::erase(users_[id], index);
  known = {};
}

void Editor::learn(std::uint32_t index) {
  const Node& now = graph_.nodes[index];
  if (is_gone(index)) return;
  known_[index] = {operands_of(now), now.output};
  producers_[now.output] = index;
  for (const ValueId id : known_[index].operands) {
    std::vector<std::uint32_t>& users = users_[id];
    const auto place =
        std::ranges::lower_bound(users, places_[index], {}, [&](auto i) { return places_[i]; });
    if (place == users.end() || *place != index) users.insert(place, index);
  }
}

void Editor::follow() {
  std::ranges::sort(touched_);
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  std::erase_if(touched_, [&](std::uint32_t i) {
    const Node& now = graph_.nodes[i];
    return known_[i].output == now.output && known_[i].operands == operands_of(now);
  });
  for (const std::uint32_t i : touched_) forget(i);
  for (const std::uint32_t i : touched_) learn(i);
  touched_.clear();
}

void Editor::put_in_order() {
  std::vector<Node> ordered;
  ordered.reserve(graph_.nodes.size());
  for (std::uint32_t i = first_; i != kNoNode; i = next_[i])
    if (!is_gone(i)) ordered.push_back(std::move(graph_.nodes[i]));
  graph_.nodes = std::move(ordered);
}

void apply_rules(Graph& graph, std::initializer_list<Rule> rules) {
  Editor editor(graph);
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::uint32_t i = editor.first_; i != Editor::kNoNode; i = editor.next_[i])
      for (const Rule rule : rules) {
        if (editor.is_gone(i)) break;
        editor.begin_rule();
        if (!rule(editor, i)) continue;
        changed = true;
        const std::uint32_t inserted = editor.inserted_;
        editor.follow();
        if (inserted != Editor::kNoNode) i = inserted;  // what was put in comes next
      }
    editor.put_in_order();
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
  // It takes the other's place: what it now reads may be made behind its own.
  const auto from = static_cast<std::uint32_t>(&linear - edit.graph().nodes.data());
  CHECK(from != index);
  std::swap(edit.node(index), edit.node(from));
  edit.remove(from);
}

}  // namespace chengying::compiler
