#include "compiler/graph/interpret.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "compiler/graph/interpret_linear.h"
#include "compiler/graph/moves.h"
#include "compiler/scales.h"
#include "reference/execute.h"

namespace chengying::compiler {
namespace {

using Values = std::vector<std::shared_ptr<const Tensor>>;

/// A dense view of a tensor as [outer, 1, 1, inner]; elementwise operators take inner = all.
isa::View flat_view(const Tensor& tensor, std::int64_t inner) {
  const std::int64_t outer = tensor.elements() / inner;
  const auto size = static_cast<std::int64_t>(size_of(tensor.dtype()));
  return isa::dense_view({}, tensor.dtype(),
                         {1, 1, static_cast<std::int32_t>(outer), static_cast<std::int32_t>(inner)},
                         inner * size);
}
isa::View flat_view(const Tensor& tensor) {
  return flat_view(tensor, tensor.elements());
}

/// [.., m, n] as [1, batches, m, n].
isa::View batched_view(const Tensor& tensor) {
  const Shape& s = tensor.shape();
  const std::int64_t m = s[s.size() - 2], n = s.back();
  const auto size = static_cast<std::int64_t>(size_of(tensor.dtype()));
  isa::View view;
  view.dtype = tensor.dtype();
  view.shape = {1, static_cast<std::int32_t>(tensor.elements() / (m * n)), static_cast<std::int32_t>(m),
                static_cast<std::int32_t>(n)};
  view.stride = {tensor.elements() * size, m * n * size, n * size, size};
  return view;
}

/// Runs an operation whose operands are whole tensors.
Tensor run(const isa::Operation& operation, const Tensor& input, const Tensor* second, const std::byte* table,
           DType dtype, const Shape& shape) {
  Tensor output(dtype, shape);
  Operands operands;
  operands.input = input.bytes().data();
  operands.second = second != nullptr ? second->bytes().data() : nullptr;
  operands.table = table;
  operands.output = output.bytes().data();
  reference::execute(operation, operands);
  return output;
}

class NodeInterpreter {
 public:
  NodeInterpreter(const Graph& graph, const Node& node, const Values& values)
      : graph_(graph), node_(node), values_(values), out_(graph.value(node.output)) {}

  Tensor operator()(const ConvNode&) const { return interpret_conv(graph_, node_, linear()); }
  Tensor operator()(const DenseNode&) const { return interpret_dense(graph_, node_, linear()); }
  Tensor operator()(const PoolNode&) const { return interpret_pool(graph_, node_, in(0)); }

  Tensor operator()(const BinaryNode& op) const {
    const Tensor a = broadcasted(in(0), out_.shape), b = broadcasted(in(1), out_.shape);
    isa::Binary binary;
    binary.kind = op.kind;
    binary.a = flat_view(a);
    binary.b = flat_view(b);
    binary.low = op.low;
    binary.high = op.high;
    binary.output = isa::dense_view({}, out_.dtype, binary.a.shape, binary.a.stride[2]);
    if (out_.quantisation) {
      const Quantisation &qa = *value(0).quantisation, &qb = *value(1).quantisation;
      const float step = out_.quantisation->scale();
      const BinaryScales scales = binary_scales(op.kind, qa.scale(), qb.scale(), step);
      binary.a_scale = scales.a;
      binary.b_scale = scales.b;
      binary.a_zero_point = qa.zero_point;
      binary.b_zero_point = qb.zero_point;
      binary.output_zero_point = out_.quantisation->zero_point;
      binary.low = bound_in_steps(op.low, step);
      binary.high = bound_in_steps(op.high, step);
    }
    return run(binary, a, &b, nullptr, out_.dtype, out_.shape);
  }

  Tensor operator()(const MatMulNode&) const {
    const auto side = [&](std::size_t i, isa::View& view) {
      Shape wide(out_.shape.begin(), out_.shape.end() - 2);
      wide.insert(wide.end(), value(i).shape.end() - 2, value(i).shape.end());
      Tensor all = broadcasted(in(i), wide);
      view = batched_view(all);
      return all;
    };
    isa::MatMul matmul;
    const Tensor a = side(0, matmul.a), b = side(1, matmul.b);
    Tensor output(DType::kF32, out_.shape);
    matmul.output = batched_view(output);
    Operands operands;
    operands.input = a.bytes().data();
    operands.second = b.bytes().data();
    operands.output = output.bytes().data();
    reference::execute(matmul, operands);
    return output;
  }

  Tensor operator()(const UnaryNode& op) const {
    const isa::Unary unary{.kind = op.kind,
                           .input = flat_view(in(0)),
                           .output = flat_view(in(0)),
                           .alpha = op.alpha,
                           .beta = op.beta};
    return run(unary, in(0), nullptr, nullptr, DType::kF32, out_.shape);
  }

  Tensor operator()(const SoftmaxNode& op) const {
    const auto rank = static_cast<std::int32_t>(out_.shape.size());
    const std::int32_t axis = op.axis < 0 ? op.axis + rank : op.axis;
    std::vector<std::int32_t> order(static_cast<std::size_t>(rank));
    for (std::int32_t d = 0; d < rank; ++d) order[d] = d;
    std::swap(order[axis], order[rank - 1]);  // its own inverse
    const Tensor last = transposed(in(0), order);
    const isa::View view = flat_view(last, last.shape().back());
    return transposed(run(isa::Softmax{.input = view, .output = view, .log = op.log}, last, nullptr, nullptr,
                          DType::kF32, last.shape()),
                      order);
  }

  Tensor operator()(const ReduceNode& op) const {
    // Reduced dimensions last, in their order: [kept, reduced] -> [kept, 1].
    const Shape& x = in(0).shape();
    std::vector<std::int32_t> order;
    std::int64_t kept = 1;
    const auto is_reduced = [&](std::size_t d) {
      return std::ranges::find(op.axes, static_cast<std::int32_t>(d)) != op.axes.end();
    };
    for (std::size_t d = 0; d < x.size(); ++d)
      if (!is_reduced(d)) {
        order.push_back(static_cast<std::int32_t>(d));
        kept *= x[d];
      }
    for (std::size_t d = 0; d < x.size(); ++d)
      if (is_reduced(d)) order.push_back(static_cast<std::int32_t>(d));
    const Tensor moved = transposed(in(0), order);
    isa::Reduce reduce;
    reduce.kind = op.kind;
    reduce.input = flat_view(moved, moved.elements() / kept);
    reduce.output = isa::dense_view({}, DType::kF32, {1, 1, static_cast<std::int32_t>(kept), 1}, 4);
    return run(reduce, moved, nullptr, nullptr, DType::kF32, out_.shape);
  }

  Tensor operator()(const QuantiseNode&) const { return convert_to(in(0), *out_.quantisation, out_.dtype); }
  Tensor operator()(const DequantiseNode&) const {
    const Quantisation& q = *value(0).quantisation;
    if (q.scales.size() == 1) return convert_to(in(0), q, DType::kF32);
    return dequantised_per_axis(q);
  }
  Tensor operator()(const RequantiseNode&) const { return lut(lut_of(nullptr, value(0), out_)); }
  Tensor operator()(const LutNode& op) const { return lut(op.table); }

  Tensor operator()(const ConcatNode& op) const {
    std::vector<const Tensor*> parts;
    for (const ValueId id : node_.inputs) parts.push_back(values_[id].get());
    return concatenated(parts, op.axis, out_.shape);
  }
  Tensor operator()(const ReshapeNode&) const { return in(0).reshaped(out_.shape); }
  Tensor operator()(const TransposeNode& op) const { return transposed(in(0), op.permutation); }
  Tensor operator()(const SliceNode& op) const { return sliced(in(0), op, out_.shape); }
  Tensor operator()(const PadNode& op) const {
    if (out_.dtype == DType::kF32)
      return padded(in(0), op.before, out_.shape, std::as_bytes(std::span(&op.value, 1)));
    Tensor real(DType::kF32, {1});
    real.as<float>()[0] = op.value;
    const Tensor fill =
        out_.quantisation ? convert_to(real, *out_.quantisation, out_.dtype) : Tensor(out_.dtype, {1});
    return padded(in(0), op.before, out_.shape, fill.bytes());
  }
  Tensor operator()(const UpsampleNode& op) const { return upsampled(in(0), op, out_.shape); }
  Tensor operator()(const RelayoutNode&) const { return in(0); }
  Tensor operator()(const GatherNode&) const { return gathered(in(0), in(1), out_.shape); }
  Tensor operator()(const NormNode& op) const {
    const auto parameter = [&](std::size_t i) {
      return i < node_.inputs.size() ? std::optional(broadcasted(in(i), out_.shape)) : std::nullopt;
    };
    const std::optional<Tensor> scale = parameter(1), shift = parameter(2);
    const isa::View view = flat_view(in(0), out_.shape.back());
    isa::Norm norm{
        .kind = op.kind, .input = view, .scale = {}, .shift = {}, .output = view, .epsilon = op.epsilon};
    if (scale) norm.scale = view;
    if (shift) norm.shift = view;
    Tensor output(DType::kF32, out_.shape);
    Operands operands;
    operands.input = in(0).bytes().data();
    operands.second = scale ? scale->bytes().data() : nullptr;
    operands.third = shift ? shift->bytes().data() : nullptr;
    operands.output = output.bytes().data();
    reference::execute(norm, operands);
    return output;
  }
  Tensor operator()(const CastNode&) const { return convert_to(in(0), Quantisation{{1}, 0, 0}, out_.dtype); }

 private:
  const Value& value(std::size_t i) const { return graph_.value(node_.inputs[i]); }
  const Tensor& in(std::size_t i) const { return *values_[node_.inputs[i]]; }
  const Tensor* maybe(ValueId id) const { return id == kNoValue ? nullptr : values_[id].get(); }
  LinearOperands linear() const {
    return {in(0), in(1), maybe(node_.inputs[2]), maybe(fused_of(node_.op)->residual)};
  }

  Tensor convert_to(const Tensor& x, const Quantisation& q, DType dtype) const {
    isa::Convert operation;
    operation.input = flat_view(x);
    operation.scale = q.scale();
    operation.zero_point = q.zero_point;
    operation.output = isa::dense_view({}, dtype, operation.input.shape,
                                       x.elements() * static_cast<std::int64_t>(size_of(dtype)));
    return run(operation, x, nullptr, nullptr, dtype, x.shape());
  }

  Tensor dequantised_per_axis(const Quantisation& q) const {
    const Shape& s = out_.shape;
    std::int64_t inner = 1;
    for (std::size_t d = static_cast<std::size_t>(q.axis) + 1; d < s.size(); ++d) inner *= s[d];
    Tensor result(DType::kF32, s);
    const std::size_t size = size_of(in(0).dtype());
    for (std::int64_t i = 0; i < result.elements() / inner; ++i) {
      Tensor row(in(0).dtype(), {inner});
      std::memcpy(row.bytes().data(), in(0).bytes().data() + static_cast<std::size_t>(i * inner) * size,
                  row.bytes().size());
      Quantisation one{.scales = {q.scales[i % s[q.axis]]}, .zero_point = q.zero_point, .axis = 0};
      const Tensor real = convert_to(row, one, DType::kF32);
      std::memcpy(result.bytes().data() + i * inner * 4, real.bytes().data(), real.bytes().size());
    }
    return result;
  }

  Tensor lut(const std::array<std::uint8_t, 256>& table) const {
    const isa::Lut operation{.input = flat_view(in(0)), .output = flat_view(in(0)), .table = {}};
    return run(operation, in(0), nullptr, std::as_bytes(std::span(table)).data(), out_.dtype, out_.shape);
  }

  const Graph& graph_;
  const Node& node_;
  const Values& values_;
  const Value& out_;
};

}  // namespace

Tensor interpret_node(const Graph& graph, const Node& node, const Values& values) {
  return std::visit(NodeInterpreter(graph, node, values), node.op);
}

Values interpret_all(const Graph& graph, const std::vector<Tensor>& inputs) {
  CHECK(inputs.size() == graph.inputs.size());
  Values values(graph.values.size());
  for (std::size_t id = 0; id < values.size(); ++id) values[id] = graph.values[id].constant;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& input = graph.value(graph.inputs[i]);
    CHECK(inputs[i].shape() == input.shape && inputs[i].dtype() == input.dtype);
    values[graph.inputs[i]] = std::make_shared<Tensor>(inputs[i]);
  }
  for (const Node& node : graph.nodes)
    values[node.output] = std::make_shared<Tensor>(interpret_node(graph, node, values));
  return values;
}

Tensor evaluate(const Graph& graph, const Node& node) {
  Graph small;  // only what the node touches: folding must not cost the graph's size for each node
  Node local = node;
  const auto take = [&](ValueId& id) {
    if (id != kNoValue) id = small.add(graph.value(id));
  };
  for (ValueId& id : local.inputs) take(id);
  CHECK(fused_of(node.op) == nullptr || fused_of(node.op)->residual == kNoValue);
  take(local.output);
  Values values;
  for (const Value& value : small.values) values.push_back(value.constant);
  return interpret_node(small, local, values);
}

std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs) {
  const Values values = interpret_all(graph, inputs);
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(*values[id]);
  return outputs;
}

}  // namespace chengying::compiler
