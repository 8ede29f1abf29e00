// lay_out: where values of rank 4 lie channels last. Convolution and pooling want it, what is element by
// element follows its operands, model inputs and outputs stay as they are. Quantisers change the layout on
// their way; a Relayout is put in only where nothing else does, once for each value.
#include <algorithm>
#include <map>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

bool wants_channels_last(const Operator& op) {
  return std::holds_alternative<ConvNode>(op) || std::holds_alternative<PoolNode>(op) ||
         std::holds_alternative<UpsampleNode>(op);
}
bool wants_row_major(const Operator& op) {
  return std::holds_alternative<DenseNode>(op) || std::holds_alternative<SoftmaxNode>(op) ||
         std::holds_alternative<ReduceNode>(op) || std::holds_alternative<ReshapeNode>(op) ||
         std::holds_alternative<MatMulNode>(op) || std::holds_alternative<GatherNode>(op) ||
         std::holds_alternative<NormNode>(op);
}
bool changes_layout(const Operator& op) {
  return std::holds_alternative<QuantiseNode>(op) || std::holds_alternative<DequantiseNode>(op) ||
         std::holds_alternative<RequantiseNode>(op) || std::holds_alternative<CastNode>(op);
}

class LayOut {
 public:
  explicit LayOut(Graph& graph) : graph_(graph), wanted_(graph.values.size()) { find_wishes(); }

  void run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) place(std::move(node));
    for (ValueId& id : graph_.outputs) end_row_major(id);
  }

 private:
  /// Backwards: a value is wanted channels last if a convolution reads it, be it behind elementwise
  /// operators.
  void find_wishes() {
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      const Node& node = graph_.nodes[i];
      if (wants_row_major(node.op) || std::holds_alternative<TransposeNode>(node.op)) continue;
      if (wants_channels_last(node.op) || wanted_[node.output])
        for (const ValueId id : operands_of(node)) wanted_[id] = graph_.value(id).shape.size() == 4;
    }
  }

  Layout layout_of(ValueId id) const { return graph_.value(id).layout; }

  Layout choose(const Node& node) const {
    const Value& out = graph_.value(node.output);
    if (out.shape.size() != 4) return Layout::kRowMajor;
    if (wants_channels_last(node.op)) return Layout::kChannelsLast;
    if (wants_row_major(node.op)) return Layout::kRowMajor;
    const bool is_output = std::ranges::find(graph_.outputs, node.output) != graph_.outputs.end();
    if (changes_layout(node.op) && is_output && !wanted_[node.output]) return Layout::kRowMajor;
    if (wanted_[node.output]) return Layout::kChannelsLast;
    const bool follows = std::ranges::any_of(operands_of(node), [&](ValueId id) {
      return graph_.value(id).constant == nullptr && layout_of(id) == Layout::kChannelsLast;
    });
    return follows ? Layout::kChannelsLast : Layout::kRowMajor;
  }

  void place(Node node) {
    Value& out = graph_.value(node.output);
    if (std::holds_alternative<TransposeNode>(node.op)) {
      out.layout = choose_transposed(node);
    } else if (std::holds_alternative<ReshapeNode>(node.op)) {
      place_reshape(node);
    } else {
      out.layout = choose(node);
      if (!changes_layout(node.op))
        bring_operands(node, wants_row_major(node.op) ? Layout::kRowMajor : out.layout);
    }
    graph_.nodes.push_back(std::move(node));
  }

  /// The layout that makes the transposition free, else the one that is wanted.
  Layout choose_transposed(const Node& node) {
    Value& out = graph_.value(node.output);
    if (out.shape.size() != 4) return Layout::kRowMajor;
    const Layout wish = wanted_[node.output] ? Layout::kChannelsLast : Layout::kRowMajor;
    const Layout other = wish == Layout::kRowMajor ? Layout::kChannelsLast : Layout::kRowMajor;
    for (const Layout layout : {wish, other}) {
      out.layout = layout;
      if (keeps_bytes(graph_, node)) return layout;
    }
    return wish;
  }

  /// A reshape works on row-major bytes; where one pixel or channel makes the layouts agree, on any.
  void place_reshape(Node& node) {
    Value& out = graph_.value(node.output);
    if (graph_.value(node.inputs[0]).layout == Layout::kChannelsLast && !keeps_bytes(graph_, node))
      node.inputs[0] = in_layout(node.inputs[0], Layout::kRowMajor);
    if (!wanted_[node.output]) return;
    graph_.value(node.output).layout = Layout::kChannelsLast;
    if (!keeps_bytes(graph_, node)) graph_.value(node.output).layout = Layout::kRowMajor;
    (void)out;
  }

  void bring_operands(Node& node, Layout layout) {
    for (ValueId& id : node.inputs) id = in_layout(id, layout);
    if (auto* conv = std::get_if<ConvNode>(&node.op))
      conv->fused.residual = in_layout(conv->fused.residual, layout);
    if (auto* dense = std::get_if<DenseNode>(&node.op))
      dense->fused.residual = in_layout(dense->fused.residual, layout);
  }

  /// The value itself, or its relaid copy.
  ValueId in_layout(ValueId id, Layout layout) {
    if (id == kNoValue || graph_.value(id).constant != nullptr || layout_of(id) == layout) return id;
    if (graph_.value(id).shape.size() != 4) return id;
    if (const auto found = relaid_.find(id); found != relaid_.end()) return found->second;
    Value value = graph_.value(id);
    value.layout = layout;
    value.name += layout == Layout::kChannelsLast ? ".nhwc" : ".nchw";
    const ValueId copy = graph_.add(std::move(value));
    wanted_.push_back(false);
    graph_.nodes.push_back(Node{graph_.value(id).name, RelayoutNode{}, {id}, copy});
    relaid_.emplace(id, copy);
    return copy;
  }

  void end_row_major(ValueId& id) {
    if (layout_of(id) == Layout::kRowMajor) return;
    const std::string name = graph_.value(id).name;
    id = in_layout(id, Layout::kRowMajor);
    graph_.value(id).name = name;
  }

  Graph& graph_;
  std::vector<bool> wanted_;
  std::map<ValueId, ValueId> relaid_;
};

}  // namespace

void lay_out(Graph& graph, Notes&) {
  LayOut(graph).run();
  sweep(graph);
}

}  // namespace chengying::compiler
