#include "compiler/passes/channel_groups.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

constexpr std::size_t kNoAxis = SIZE_MAX;

bool is_homogeneous(float low, float high) {
  return (low == 0 || low == -isa::kInfinity) && high == isa::kInfinity;
}

/// f(k x) = k f(x) for each channel by itself and k > 0.
bool passes_channels(const Graph& graph, const Node& node) {
  const Shape& y = graph.value(node.output).shape;
  if (std::holds_alternative<PoolNode>(node.op)) return true;
  if (const auto* unary = std::get_if<UnaryNode>(&node.op)) return unary->kind == isa::UnaryKind::kRelu;
  if (std::holds_alternative<ReshapeNode>(node.op)) {  // [n, c, 1, 1] and [n, c]
    const Shape& x = graph.value(node.inputs[0]).shape;
    const auto ones = [](const Shape& s) {
      return s.size() >= 2 && std::all_of(s.begin() + 2, s.end(), [](std::int64_t d) { return d == 1; });
    };
    return ones(x) && ones(y) && x[0] == y[0] && x[1] == y[1];
  }
  const auto* binary = std::get_if<BinaryNode>(&node.op);
  if (binary == nullptr || !is_homogeneous(binary->low, binary->high)) return false;
  const bool linear = binary->kind == isa::BinaryKind::kAdd || binary->kind == isa::BinaryKind::kSub ||
                      binary->kind == isa::BinaryKind::kMax || binary->kind == isa::BinaryKind::kMin;
  return linear && std::ranges::all_of(node.inputs, [&](ValueId id) { return graph.value(id).shape == y; });
}

class Grouping {
 public:
  explicit Grouping(Graph& graph)
      : graph_(graph),
        edit_(graph),
        parent_(graph.values.size()),
        axis_(parent_.size(), kNoAxis),
        blocked_(parent_.size(), false) {
    std::iota(parent_.begin(), parent_.end(), ValueId{0});
  }

  std::vector<ChannelGroup> run() {
    for (const Node& node : graph_.nodes) join(node);
    for (const ValueId id : graph_.inputs) blocked_[root(id)] = true;
    for (const ValueId id : graph_.outputs) blocked_[root(id)] = true;
    for (const Node& node : graph_.nodes) visit(node);
    std::map<ValueId, ChannelGroup> groups;
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (fused_of(node.op) != nullptr) {
        groups[root(node.output)].makers.push_back(i);
        groups[root(node.inputs[0])].readers.push_back(i);
      }
      groups[root(node.output)].values.push_back(node.output);
    }
    std::vector<ChannelGroup> result;
    for (auto& [id, group] : groups)
      if (!blocked_[id] && !group.makers.empty() && !group.readers.empty())
        result.push_back(std::move(group));
    std::ranges::sort(result, {}, [](const ChannelGroup& group) { return group.makers.front(); });
    return result;
  }

 private:
  ValueId root(ValueId id) {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }

  /// What a node's result shares its channels with.
  void join(const Node& node) {
    const Fused* fused = fused_of(node.op);
    if (fused != nullptr && fused->residual != kNoValue) parent_[root(fused->residual)] = root(node.output);
    if (fused == nullptr && passes_channels(graph_, node))
      for (const ValueId id : node.inputs) parent_[root(id)] = root(node.output);
  }

  bool has_own_constant(ValueId id) {
    const Tensor* constant = edit_.constant(id);
    return constant != nullptr && constant->dtype() == DType::kF32 && edit_.users(id).size() == 1;
  }

  void visit(const Node& node) {
    const Fused* fused = fused_of(node.op);
    if (fused == nullptr) {
      if (passes_channels(graph_, node)) return block_constants(node);
      for (const ValueId id : operands_of(node)) blocked_[root(id)] = true;
      blocked_[root(node.output)] = true;
      return;
    }
    const ValueId x = root(node.inputs[0]), y = root(node.output);
    const bool own =
        has_own_constant(node.inputs[1]) && (node.inputs[2] == kNoValue || has_own_constant(node.inputs[2]));
    const bool real = graph_.value(node.inputs[0]).dtype == DType::kF32;
    if (!own || !real) blocked_[x] = blocked_[y] = true;
    if (!is_homogeneous(fused->low, fused->high)) blocked_[y] = true;
    const bool conv = std::holds_alternative<ConvNode>(node.op);
    const auto axis = [&](ValueId id) { return conv ? 1 : graph_.value(id).shape.size() - 1; };
    use_axis(x, axis(node.inputs[0]));
    use_axis(y, axis(node.output));
  }

  void block_constants(const Node& node) {
    for (const ValueId id : node.inputs)
      if (edit_.constant(id) != nullptr) blocked_[root(id)] = true;
  }

  void use_axis(ValueId root, std::size_t axis) {
    if (axis_[root] != kNoAxis && axis_[root] != axis) blocked_[root] = true;
    axis_[root] = axis;
  }

  Graph& graph_;
  Editor edit_;
  std::vector<ValueId> parent_;
  std::vector<std::size_t> axis_;
  std::vector<bool> blocked_;
};

}  // namespace

std::vector<ChannelGroup> channel_groups(const Graph& graph) {
  Graph copy = graph;
  return Grouping(copy).run();
}

}  // namespace chengying::compiler
