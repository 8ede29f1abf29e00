// Rewrite: what passes edit graphs with. A rule looks at one node and may change the graph; apply_rules runs
// rules until none changes anything, then drops what is not used.
#pragma once

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// A graph with who makes and who reads each value, for rules to ask.
class Editor {
 public:
  explicit Editor(Graph& graph);

  Graph& graph() { return graph_; }
  Value& value(ValueId id) { return graph_.value(id); }
  Node& node(std::uint32_t index) { return graph_.nodes[index]; }
  const Shape& shape(ValueId id) const { return graph_.value(id).shape; }

  /// The node that makes a value, or nullptr.
  Node* producer(ValueId id);
  /// ... if it is of this operator.
  template <class Op>
  Node* producer_of(ValueId id) {
    Node* node = producer(id);
    return node != nullptr && std::holds_alternative<Op>(node->op) ? node : nullptr;
  }
  const std::vector<std::uint32_t>& users(ValueId id) const { return users_[id]; }
  bool is_output(ValueId id) const;
  /// Read by this many nodes and not a model output.
  bool used_only_by(ValueId id, std::size_t count) const {
    return users_[id].size() == count && !is_output(id);
  }
  /// The one value-carrying user of a value that is no output, or nullptr.
  Node* only_user(ValueId id);
  const Tensor* constant(ValueId id) const {
    return id == kNoValue ? nullptr : graph_.value(id).constant.get();
  }

  ValueId add(Value value);
  ValueId add_constant(Tensor tensor, std::string name);
  /// A new node just before `index`, making a new value; `index` then names the next node.
  ValueId insert(std::uint32_t& index, Node node, Value result);
  /// All reads of `from` become reads of `to`; not the model's outputs.
  void replace_uses(ValueId from, ValueId to);
  /// Recomputes producers and users after edits.
  void refresh();

 private:
  Graph& graph_;
  std::vector<std::uint32_t> producers_;
  std::vector<std::vector<std::uint32_t>> users_;
};

/// Looks at node `index`; true if it changed the graph. It must leave the nodes in topological order.
using Rule = bool (*)(Editor&, std::uint32_t index);

/// Applies rules to all nodes until nothing changes; sweeps. Rules must make progress (each strictly
/// simplifies).
void apply_rules(Graph& graph, std::initializer_list<Rule> rules);

/// The convolution or product `linear` makes what node `index` behind it made, by this epilogue; `index`
/// goes.
void absorb(Editor& edit, Node& linear, std::uint32_t index, const Fused& fused);

/// Moves node `from` to just before the place `to` (> from).
void move_node(Graph& graph, std::uint32_t from, std::uint32_t to);

}  // namespace chengying::compiler
