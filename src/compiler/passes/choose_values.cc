// Which values of an f32 graph are worth bytes: what convolutions, matrix products, pooling, sums and
// concatenations read and write; not what goes into functions that blow small differences up, nor the inside
// of element by element chains, which become one table each.
#include <algorithm>
#include <set>

#include "compiler/passes/quantise.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

bool is_mover(const Operator& op) {
  if (const auto* pool = std::get_if<PoolNode>(&op)) return pool->kind == isa::PoolKind::kMax;
  if (const auto* pad = std::get_if<PadNode>(&op)) return pad->value == 0;
  return std::holds_alternative<ReshapeNode>(op) || std::holds_alternative<TransposeNode>(op) ||
         std::holds_alternative<SliceNode>(op) || std::holds_alternative<UpsampleNode>(op);
}

/// Functions whose result moves far when their argument moves little.
bool is_sensitive(const Operator& op) {
  if (const auto* unary = std::get_if<UnaryNode>(&op))
    return unary->kind == isa::UnaryKind::kExp || unary->kind == isa::UnaryKind::kLog ||
           unary->kind == isa::UnaryKind::kSqrt || unary->kind == isa::UnaryKind::kReciprocal;
  if (const auto* binary = std::get_if<BinaryNode>(&op))
    return binary->kind == isa::BinaryKind::kDiv || binary->kind == isa::BinaryKind::kPow;
  return std::holds_alternative<ReduceNode>(op);
}

class Choice {
 public:
  Choice(Graph& graph, const std::set<ValueId>& kept)
      : edit_(graph), kept_(kept), excluded_(graph.nodes.size()) {
    exclude();
  }

  IntegerChoice run() {
    for (std::uint32_t i = 0; i < edit_.graph().nodes.size(); ++i)
      if (!excluded_[i]) visit(edit_.node(i));
    return {{chosen_.begin(), chosen_.end()}, real_results_};
  }

 private:
  bool is_scalar(ValueId id) {
    const Tensor* constant = edit_.constant(id);
    return constant != nullptr && constant->elements() == 1;
  }

  /// The value that an element by element chain starts from: itself if it is no chain.
  ValueId leaf_of(ValueId id, int depth = 0) {
    const Node* node = edit_.producer(id);
    if (node == nullptr || depth > 12) return id;
    if (std::holds_alternative<UnaryNode>(node->op)) return leaf_of(node->inputs[0], depth + 1);
    if (!std::holds_alternative<BinaryNode>(node->op)) return id;
    if (is_scalar(node->inputs[0])) return leaf_of(node->inputs[1], depth + 1);
    if (is_scalar(node->inputs[1])) return leaf_of(node->inputs[0], depth + 1);
    const ValueId a = leaf_of(node->inputs[0], depth + 1), b = leaf_of(node->inputs[1], depth + 1);
    return a == b && edit_.shape(a) == edit_.shape(id) ? a : id;
  }

  bool is_chain(const Node& node) {
    return std::holds_alternative<UnaryNode>(node.op) ||
           (std::holds_alternative<BinaryNode>(node.op) && leaf_of(node.output) != node.output);
  }

  bool can_be_integer(const Node& node) {
    if (fused_of(node.op) != nullptr) {
      const Tensor* weights = edit_.constant(node.inputs[1]);
      return weights != nullptr && weights->dtype() == DType::kF32 && !kept_.contains(node.output) &&
             edit_.value(node.inputs[0]).dtype == DType::kF32;
    }
    if (std::holds_alternative<PoolNode>(node.op) || std::holds_alternative<ConcatNode>(node.op)) return true;
    const auto* binary = std::get_if<BinaryNode>(&node.op);
    return binary != nullptr && !is_sensitive(node.op) && !is_chain(node);
  }

  /// Backwards: a node stays real if what it makes goes into a sensitive function, or only into nodes that
  /// stay real.
  void exclude() {
    for (std::size_t i = excluded_.size(); i-- > 0;) {
      const Node& node = edit_.node(static_cast<std::uint32_t>(i));
      const auto& users = edit_.users(node.output);
      const bool feeds_sensitive = std::ranges::any_of(users, [&](std::uint32_t u) {
        return is_sensitive(edit_.node(u).op) || (is_passing(edit_.node(u)) && sensitive_below_[u]);
      });
      sensitive_below_.resize(excluded_.size());
      sensitive_below_[i] = feeds_sensitive;
      const bool linear = fused_of(node.op) != nullptr;
      const bool only_real = std::ranges::all_of(users, [&](std::uint32_t u) { return bool{excluded_[u]}; });
      excluded_[i] = !can_be_integer(node) || feeds_sensitive || (!linear && only_real);
      if (is_passing(node) && !feeds_sensitive && !only_real) excluded_[i] = false;
    }
  }

  /// Movers and chains: neither integer by themselves nor in the way of it.
  bool is_passing(const Node& node) { return is_mover(node.op) || is_chain(node); }

  void want(ValueId id) {
    for (const Node* node = edit_.producer(id); node != nullptr && is_mover(node->op);
         node = edit_.producer(id))
      id = node->inputs[0];
    if (edit_.constant(id) != nullptr || edit_.value(id).dtype != DType::kF32) return;
    if (!chosen_.insert(id).second) return;
    const ValueId leaf = leaf_of(id);
    if (leaf != id) want(leaf);
  }

  /// Only the caller or a softmax reads it, as it is or moved.
  bool is_read_as_answer(ValueId id) {
    return std::ranges::all_of(edit_.users(id), [&](std::uint32_t u) {
      const Node& user = edit_.node(u);
      const bool moves =
          std::holds_alternative<ReshapeNode>(user.op) || std::holds_alternative<TransposeNode>(user.op);
      return std::holds_alternative<SoftmaxNode>(user.op) || (moves && is_read_as_answer(user.output));
    });
  }

  /// Logits: 256 steps would make ties of close answers, and the integers' exact sum has them as they are.
  bool is_answer(const Node& node) {
    const Fused* fused = fused_of(node.op);
    return fused != nullptr && fused->residual == kNoValue && is_read_as_answer(node.output);
  }

  void visit(const Node& node) {
    if (is_passing(node)) return;
    const Fused* fused = fused_of(node.op);
    if (fused != nullptr) {
      want(node.inputs[0]);
      if (fused->residual != kNoValue) want(fused->residual);
    } else if (!std::holds_alternative<ConcatNode>(node.op)) {
      for (const ValueId id : node.inputs) want(id);
    }
    // What only a concatenation reads is rounded by that one's scale.
    const Node* user = edit_.only_user(node.output);
    const bool joined = user != nullptr && std::holds_alternative<ConcatNode>(user->op) &&
                        !excluded_[static_cast<std::size_t>(user - edit_.graph().nodes.data())];
    if (is_answer(node))
      real_results_.push_back(node.output);
    else if (!joined)
      want(node.output);
  }

  Editor edit_;
  const std::set<ValueId>& kept_;
  std::vector<bool> excluded_, sensitive_below_;
  std::set<ValueId> chosen_;
  std::vector<ValueId> real_results_;
};

}  // namespace

IntegerChoice choose_integers(const Graph& graph, const std::set<ValueId>& kept) {
  Graph copy = graph;
  return Choice(copy, kept).run();
}

QuantisationPlan keeping(const QuantisationPlan& plan, const Graph& graph, const std::set<ValueId>& kept) {
  QuantisationPlan result = plan;
  result.kept.insert(kept.begin(), kept.end());
  IntegerChoice choice = choose_integers(graph, result.kept);
  result.real_results = std::move(choice.real_results);
  result.activations.clear();
  for (const ValueId id : choice.values)
    if (const auto found = plan.activations.find(id); found != plan.activations.end())
      result.activations.insert(*found);
  const auto producers = producers_of(graph);
  const auto producer = [&](ValueId id) {
    return producers[id] == kNoValue ? nullptr : &graph.nodes[producers[id]];
  };
  for (auto& [id, means] : result.means)
    if (scale_of(result, id, producer) == nullptr) means.rounded = means.real;
  return result;
}

}  // namespace chengying::compiler
