#include "compiler/graph/check.h"

#include <algorithm>
#include <cmath>

#include "compiler/graph/print.h"

namespace chengying::compiler {
namespace {

using std::size_t;

/// What is wrong with one node, or an empty text.
class NodeRule {
 public:
  NodeRule(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  std::string fault() const {
    if (const std::string count = count_fault(); !count.empty()) return count;
    return std::visit([this](const auto& op) { return rule(op); }, node_.op);
  }

 private:
  const Value& in(size_t i) const { return graph_.value(node_.inputs[i]); }
  const Value& out() const { return graph_.value(node_.output); }
  bool has(size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != kNoValue; }

  static std::string unless(bool holds, const char* what) {
    return holds ? std::string() : std::string(what);
  }

  std::string count_fault() const {
    size_t least = 1, most = 1;
    if (std::holds_alternative<ConvNode>(node_.op) || std::holds_alternative<DenseNode>(node_.op))
      least = most = 3;
    if (std::holds_alternative<BinaryNode>(node_.op) || std::holds_alternative<MatMulNode>(node_.op) ||
        std::holds_alternative<GatherNode>(node_.op))
      least = most = 2;
    if (std::holds_alternative<NormNode>(node_.op)) most = 3;
    if (std::holds_alternative<ConcatNode>(node_.op)) most = 1'000'000;
    if (node_.inputs.size() < least || node_.inputs.size() > most) return "the number of operands";
    const bool optional_bias = least == 3;
    for (size_t i = 0; i < node_.inputs.size(); ++i)
      if (node_.inputs[i] == kNoValue && !(optional_bias && i == 2)) return "an operand is absent";
    return {};
  }

  bool same_format(const Value& a, const Value& b) const {
    return a.dtype == b.dtype && a.quantisation == b.quantisation;
  }
  static bool real(const Value& v) { return v.dtype == DType::kF32 && !v.quantisation; }
  static bool bytes(const Value& v) {
    return v.dtype == DType::kU8 && v.quantisation && v.quantisation->scales.size() == 1;
  }

  std::string linear(std::int64_t out_channels, const Fused& fused) const {
    const Value &x = in(0), &w = in(1), &y = out();
    if (real(x)) {
      if (!real(w) || !real(y) || fused.inner) return "formats: f32 operands want f32 weights and result";
    } else if (bytes(x)) {
      const bool weights = w.dtype == DType::kI8 && w.quantisation && w.quantisation->zero_point == 0 &&
                           w.quantisation->axis == 0 &&
                           (w.quantisation->scales.size() == 1 ||
                            static_cast<std::int64_t>(w.quantisation->scales.size()) == out_channels);
      if (!weights || w.constant == nullptr || !(bytes(y) || (real(y) && !fused.inner)))
        return "formats: u8 wants constant i8 weights and a u8 or f32 result";
    } else {
      return "formats: neither f32 nor u8";
    }
    if (has(2)) {
      const Value& b = in(2);
      if (b.shape != Shape{out_channels}) return "the bias's shape";
      if (b.dtype != DType::kF32 && !(bytes(x) && b.dtype == DType::kI32)) return "the bias's type";
    }
    if (fused.residual != kNoValue) {
      const Value& r = graph_.value(fused.residual);
      if (r.shape != y.shape || r.dtype != y.dtype) return "the residual's shape or type";
    }
    return unless(!(fused.low > fused.high), "bounds");
  }

  std::string window(const isa::Window& w, const Value& x, const Value& y) const {
    if (x.shape.size() != 4 || y.shape.size() != 4) return "rank 4 is wanted";
    if (w.kernel_h < 1 || w.kernel_w < 1 || w.stride_h < 1 || w.stride_w < 1 || w.dilation_h < 1 ||
        w.dilation_w < 1)
      return "the window";
    if (x.shape[0] != y.shape[0]) return "the batch";
    const std::int64_t last_h = (y.shape[2] - 1) * w.stride_h - w.pad_top;
    const std::int64_t last_w = (y.shape[3] - 1) * w.stride_w - w.pad_left;
    return unless(
        last_h < x.shape[2] + w.kernel_h * w.dilation_h && last_w < x.shape[3] + w.kernel_w * w.dilation_w,
        "windows lie wholly outside of the image");
  }

  std::string rule(const ConvNode& op) const {
    const Value &x = in(0), &w = in(1), &y = out();
    if (w.shape.size() != 4) return "weights of rank 4 are wanted";
    if (const std::string fault = window(op.window, x, y); !fault.empty()) return fault;
    if (op.groups < 1 || x.shape[1] != w.shape[1] * op.groups || w.shape[0] % op.groups != 0)
      return "the groups";
    if (y.shape[1] != w.shape[0] || w.shape[2] != op.window.kernel_h || w.shape[3] != op.window.kernel_w)
      return "the weights' shape";
    return linear(w.shape[0], op.fused);
  }
  std::string rule(const DenseNode& op) const {
    const Value &x = in(0), &w = in(1), &y = out();
    if (w.shape.size() != 2 || x.shape.empty() || x.shape.back() != w.shape[1]) return "the weights' shape";
    Shape wanted = x.shape;
    wanted.back() = w.shape[0];
    if (y.shape != wanted) return "the result's shape";
    return linear(w.shape[0], op.fused);
  }
  std::string rule(const MatMulNode&) const {
    const Shape &a = in(0).shape, &b = in(1).shape, &y = out().shape;
    const size_t rank = y.size();
    if (rank < 2 || a.size() != rank || b.size() != rank) return "the ranks";
    if (a[rank - 1] != b[rank - 2] || a[rank - 2] != y[rank - 2] || b[rank - 1] != y[rank - 1])
      return "rows and columns";
    for (size_t d = 0; d + 2 < rank; ++d) {
      const bool fits = (a[d] == y[d] || a[d] == 1) && (b[d] == y[d] || b[d] == 1);
      if (!fits || (a[d] != y[d] && b[d] != y[d])) return "batches that do not repeat to the result's";
    }
    return unless(real(in(0)) && real(in(1)) && real(out()), "f32 is wanted");
  }
  std::string rule(const PoolNode& op) const {
    if (const std::string fault = window(op.window, in(0), out()); !fault.empty()) return fault;
    if (in(0).shape[1] != out().shape[1]) return "the channels";
    if (real(in(0)) && real(out())) return {};
    if (!bytes(in(0)) || !bytes(out())) return "formats: all f32 or all u8";
    return unless(op.kind != isa::PoolKind::kMax || same_format(in(0), out()), "a maximum changes no scale");
  }
  std::string rule(const BinaryNode& op) const {
    const Shape& y = out().shape;
    for (size_t i = 0; i < 2; ++i) {
      if (in(i).shape.size() != y.size()) return "the ranks";
      for (size_t d = 0; d < y.size(); ++d)
        if (in(i).shape[d] != y[d] && in(i).shape[d] != 1) return "shapes that do not repeat to the result's";
    }
    for (size_t d = 0; d < y.size(); ++d)
      if (in(0).shape[d] != y[d] && in(1).shape[d] != y[d]) return "the result's shape";
    if (real(in(0)) && real(in(1)) && real(out())) return {};
    if (!bytes(in(0)) || !bytes(in(1)) || !bytes(out())) return "formats: all f32 or all u8";
    return unless(op.kind != isa::BinaryKind::kDiv && op.kind != isa::BinaryKind::kPow,
                  "div and pow are f32 only");
  }
  std::string rule(const UnaryNode&) const {
    return unless(in(0).shape == out().shape && real(in(0)) && real(out()), "f32 of one shape is wanted");
  }
  std::string rule(const SoftmaxNode& op) const {
    if (op.axis < -1 || op.axis >= static_cast<std::int32_t>(out().shape.size())) return "the axis";
    return unless(in(0).shape == out().shape && real(in(0)) && real(out()), "f32 of one shape is wanted");
  }
  std::string rule(const ReduceNode& op) const {
    if (!real(in(0)) || !real(out())) return "f32 is wanted";
    Shape wanted;
    for (size_t d = 0; d < in(0).shape.size(); ++d) {
      const bool reduced = std::ranges::find(op.axes, static_cast<std::int32_t>(d)) != op.axes.end();
      if (!reduced) wanted.push_back(in(0).shape[d]);
      if (reduced && op.keep_dims) wanted.push_back(1);
    }
    return unless(wanted == out().shape, "the result's shape");
  }
  std::string rule(const QuantiseNode&) const {
    const bool format =
        real(in(0)) && (out().dtype == DType::kU8 || out().dtype == DType::kI8) && out().quantisation;
    return unless(format && in(0).shape == out().shape, "f32 -> u8 of one shape is wanted");
  }
  std::string rule(const DequantiseNode&) const {
    return unless(in(0).quantisation && real(out()) && in(0).shape == out().shape,
                  "u8 -> f32 of one shape is wanted");
  }
  std::string rule(const RequantiseNode&) const {
    return unless(in(0).quantisation && out().quantisation && in(0).shape == out().shape &&
                      size_of(in(0).dtype) == 1 && size_of(out().dtype) == 1,
                  "bytes of one shape are wanted");
  }
  std::string rule(const GatherNode&) const {
    const Shape &x = in(0).shape, &numbers = in(1).shape;
    if (x.size() != 3 || numbers.size() != 1) return "the ranks";
    if (out().shape != Shape{x[0], numbers[0], x[2]}) return "the result's shape";
    if (in(1).dtype != DType::kI32 && in(1).dtype != DType::kI64) return "numbers of rows are i32 or i64";
    return unless(same_format(in(0), out()), "formats");
  }
  std::string rule(const NormNode& op) const {
    if (in(0).shape != out().shape || !real(in(0)) || !real(out())) return "f32 of one shape is wanted";
    for (size_t i = 1; i < node_.inputs.size(); ++i) {
      if (!real(in(i)) || in(i).shape.size() != out().shape.size()) return "f32 parameters of its rank";
      for (size_t d = 0; d < out().shape.size(); ++d)
        if (in(i).shape[d] != 1 && in(i).shape[d] != out().shape[d]) return "parameters that do not repeat";
    }
    return unless(!out().shape.empty() && op.epsilon >= 0 && std::isfinite(op.epsilon), "the epsilon");
  }
  std::string rule(const CastNode&) const {
    const bool from_real = in(0).dtype == DType::kF32, to_real = out().dtype == DType::kF32;
    return unless(from_real != to_real && in(0).shape == out().shape,
                  "another format to or from f32, of one shape, is wanted");
  }
  std::string rule(const LutNode&) const {
    return unless(bytes(in(0)) && bytes(out()) && in(0).shape == out().shape, "u8 of one shape is wanted");
  }
  std::string rule(const ConcatNode& op) const {
    const Shape& y = out().shape;
    if (op.axis < 0 || static_cast<size_t>(op.axis) >= y.size()) return "the axis";
    std::int64_t sum = 0;
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      Shape x = in(i).shape;
      if (x.size() != y.size() || !same_format(in(i), out())) return "ranks or formats";
      sum += x[op.axis];
      x[op.axis] = y[op.axis];
      if (x != y) return "shapes that do not fit together";
    }
    return unless(sum == y[op.axis], "the result's shape");
  }
  std::string rule(const ReshapeNode&) const {
    const auto before = element_count(in(0).shape), after = element_count(out().shape);
    return unless(before && after && *before == *after && same_format(in(0), out()), "elements or formats");
  }
  std::string rule(const TransposeNode& op) const {
    const Shape &x = in(0).shape, &y = out().shape;
    if (op.permutation.size() != x.size() || x.size() != y.size()) return "the ranks";
    std::vector<bool> seen(x.size());
    for (size_t d = 0; d < x.size(); ++d) {
      const std::int32_t from = op.permutation[d];
      if (from < 0 || static_cast<size_t>(from) >= x.size() || seen[from] || y[d] != x[from])
        return "the permutation";
      seen[from] = true;
    }
    return unless(same_format(in(0), out()), "formats");
  }
  std::string rule(const SliceNode& op) const {
    const Shape &x = in(0).shape, &y = out().shape;
    if (op.starts.size() != x.size() || op.steps.size() != x.size() || y.size() != x.size())
      return "the ranks";
    for (size_t d = 0; d < x.size(); ++d) {
      const std::int64_t last = op.starts[d] + (y[d] - 1) * op.steps[d];
      if (op.starts[d] < 0 || op.starts[d] >= x[d] || last < 0 || last >= x[d] || op.steps[d] == 0)
        return "places outside of the input";
    }
    return unless(same_format(in(0), out()), "formats");
  }
  std::string rule(const PadNode& op) const {
    const Shape &x = in(0).shape, &y = out().shape;
    if (op.before.size() != x.size() || y.size() != x.size()) return "the ranks";
    for (size_t d = 0; d < x.size(); ++d)
      if (op.before[d] < 0 || y[d] < x[d] + op.before[d]) return "the amounts";
    return unless(same_format(in(0), out()), "formats");
  }
  std::string rule(const UpsampleNode& op) const {
    const Shape &x = in(0).shape, &y = out().shape;
    if (x.size() != 4 || op.factor_h < 1 || op.factor_w < 1) return "rank 4 is wanted";
    return unless(y == Shape{x[0], x[1], x[2] * op.factor_h, x[3] * op.factor_w} && same_format(in(0), out()),
                  "the result's shape");
  }
  std::string rule(const RelayoutNode&) const {
    return unless(in(0).shape == out().shape && same_format(in(0), out()), "one shape and format are wanted");
  }

  const Graph& graph_;
  const Node& node_;
};

std::string value_fault(const Value& value) {
  for (const std::int64_t size : value.shape)
    if (size < 1) return "a dimension is not bound";
  if (value.layout == Layout::kChannelsLast && value.shape.size() != 4) return "channels last wants rank 4";
  if (value.constant != nullptr &&
      (value.constant->shape() != value.shape || value.constant->dtype() != value.dtype))
    return "the constant's own shape or type differs";
  if (!value.quantisation) return {};
  const Quantisation& q = *value.quantisation;
  const bool scales =
      !q.scales.empty() && std::ranges::all_of(q.scales, [](float s) { return s > 0 && std::isfinite(s); });
  if (!scales) return "a scale is not a positive number";
  if (value.dtype == DType::kU8 && (q.zero_point < 0 || q.zero_point > 255)) return "the zero point";
  const bool per_axis = q.scales.size() > 1;
  if (per_axis && (q.axis < 0 || static_cast<size_t>(q.axis) >= value.shape.size() ||
                   value.shape[q.axis] != static_cast<std::int64_t>(q.scales.size())))
    return "the scales along the axis";
  return {};
}

/// The layouts that lower() asks for.
std::string layout_fault(const Graph& graph, const Node& node) {
  const auto laid = [&](ValueId id, Layout layout) {
    return id == kNoValue || graph.value(id).constant != nullptr || graph.value(id).layout == layout;
  };
  const auto all = [&](Layout layout) {
    return std::ranges::all_of(operands_of(node), [&](ValueId id) { return laid(id, layout); }) &&
           laid(node.output, layout);
  };
  if (std::holds_alternative<ConvNode>(node.op) || std::holds_alternative<PoolNode>(node.op) ||
      std::holds_alternative<UpsampleNode>(node.op))
    return all(Layout::kChannelsLast) ? "" : "channels last is wanted";
  if (std::holds_alternative<DenseNode>(node.op) || std::holds_alternative<SoftmaxNode>(node.op) ||
      std::holds_alternative<ReduceNode>(node.op) || std::holds_alternative<MatMulNode>(node.op) ||
      std::holds_alternative<GatherNode>(node.op) || std::holds_alternative<NormNode>(node.op))
    return all(Layout::kRowMajor) ? "" : "row major is wanted";
  if (std::holds_alternative<ReshapeNode>(node.op))
    return keeps_bytes(graph, node) ? "" : "row major is wanted";
  const bool free =
      std::holds_alternative<QuantiseNode>(node.op) || std::holds_alternative<DequantiseNode>(node.op) ||
      std::holds_alternative<RequantiseNode>(node.op) || std::holds_alternative<RelayoutNode>(node.op) ||
      std::holds_alternative<TransposeNode>(node.op) || std::holds_alternative<CastNode>(node.op);
  return free || all(graph.value(node.output).layout) ? "" : "one layout is wanted";
}

}  // namespace

Status check(const Graph& graph, CheckStage stage) {
  const auto size = graph.values.size();
  std::vector<bool> made(size);
  for (size_t id = 0; id < size; ++id) {
    if (graph.values[id].constant != nullptr) made[id] = true;
    if (const std::string fault = value_fault(graph.values[id]); !fault.empty())
      return fail(Code::kInternal, "value %{} '{}': {}: {}", id, graph.values[id].name,
                  to_string(graph.values[id]), fault);
  }
  for (const ValueId id : graph.inputs) {
    if (id >= size || made[id])
      return fail(Code::kInternal, "input %{} has another origin, or does not exist", id);
    made[id] = true;
  }
  for (const Node& node : graph.nodes) {
    const auto fault = [&](std::string_view what) {
      return fail(Code::kInternal, "node '{}' ({}): {}", node.name, name_of(node.op), what);
    };
    for (const ValueId id : operands_of(node)) {
      if (id >= size) return fault("an operand does not exist");
      if (!made[id]) return fault(fmt::format("%{} is read before it is made", id));
    }
    if (node.output >= size || made[node.output])
      return fault("its result has another origin, or does not exist");
    made[node.output] = true;
    if (const std::string what = NodeRule(graph, node).fault(); !what.empty())
      return fail(Code::kInternal, "{}: {}", print(graph, node), what);
    if (stage == CheckStage::kLaidOut)
      if (const std::string what = layout_fault(graph, node); !what.empty())
        return fail(Code::kInternal, "{}: {}", print(graph, node), what);
  }
  for (const ValueId id : graph.outputs)
    if (id >= size || !made[id]) return fail(Code::kInternal, "output %{} is made by no node", id);
  return {};
}

}  // namespace chengying::compiler
