// Rewrite: what passes edit graphs with. A rule looks at one node and may change the graph; apply_rules runs
// rules until none changes anything, then drops what is not used. A change costs what it touches, not the
// size of the graph: nodes keep their indices while rules run, new ones get indices of their own behind all
// others, and only the end of a round puts them in order.
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
  Node& node(std::uint32_t index);
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
  /// A new node just before node `index`, making a new value. References to nodes end.
  ValueId insert(std::uint32_t index, Node node, Value result);
  /// Node `index` is no more; what it made has no maker then.
  void remove(std::uint32_t index);
  /// Whether a node comes before another.
  bool is_before(std::uint32_t a, std::uint32_t b) const { return places_[a] < places_[b]; }
  /// All reads of `from` become reads of `to`; not the model's outputs.
  void replace_uses(ValueId from, ValueId to);
  /// Recomputes producers and users after edits of the graph by other hands.
  void refresh();

 private:
  friend void apply_rules(Graph& graph, std::initializer_list<bool (*)(Editor&, std::uint32_t)> rules);

  /// What a node read and made when producers and users were last brought up to date.
  struct Known {
    std::vector<ValueId> operands;
    ValueId output = kNoValue;
  };
  static constexpr std::uint32_t kNoNode = kNoValue;

  void begin_rule();
  /// Brings producers and users up to date with the nodes that were handed out since begin_rule.
  void follow();
  void forget(std::uint32_t index);
  void learn(std::uint32_t index);
  void number_places();
  bool is_gone(std::uint32_t index) const { return graph_.nodes[index].output == kNoValue; }
  /// Puts the nodes in their order, without those that are gone.
  void put_in_order();

  Graph& graph_;
  std::vector<std::uint32_t> producers_;
  std::vector<std::vector<std::uint32_t>> users_;  // each in the order of the nodes
  std::vector<Known> known_;                       // by node
  std::vector<std::uint32_t> next_, previous_;     // the nodes' order, as a list
  std::vector<double> places_;                     // rising along the list
  std::uint32_t first_ = kNoNode;
  std::vector<std::uint32_t> touched_;
  std::uint32_t inserted_ = kNoNode;  // the first node that the rule put in
};

/// Looks at node `index`; true if it changed the graph. It must leave the nodes in topological order.
using Rule = bool (*)(Editor&, std::uint32_t index);

/// Applies rules to all nodes until nothing changes; sweeps. Rules must make progress (each strictly
/// simplifies).
void apply_rules(Graph& graph, std::initializer_list<Rule> rules);

/// The convolution or product `linear` makes what node `index` behind it made, by this epilogue; `index`
/// goes.
void absorb(Editor& edit, Node& linear, std::uint32_t index, const Fused& fused);

}  // namespace chengying::compiler
