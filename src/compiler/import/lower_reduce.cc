// Reductions and softmax.
#include <algorithm>
#include <numeric>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

struct Row {
  std::string_view op;
  isa::ReduceKind kind;
};
constexpr Row kReductions[] = {
    {"ReduceMean", isa::ReduceKind::kMean},
    {"ReduceSum", isa::ReduceKind::kSum},
    {"ReduceMax", isa::ReduceKind::kMax},
    {"ReduceMin", isa::ReduceKind::kMin},
    {"ReduceSumSquare", isa::ReduceKind::kSumOfSquares},
};

Result<std::vector<std::int32_t>> axes_of(NodeLowering& n, std::size_t rank) {
  std::vector<std::int64_t> given = n.integers("axes", {});
  if (n.has(1)) {
    TRY_ASSIGN(given, n.integers(1));
  }
  std::vector<std::int32_t> axes;
  for (const std::int64_t a : given) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(a, rank));
    axes.push_back(axis);
  }
  if (axes.empty() && n.integer("noop_with_empty_axes", 0) == 0) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::ranges::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

Shape reduced(const Shape& shape, const std::vector<std::int32_t>& axes, bool keep) {
  Shape to;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool gone = std::ranges::find(axes, static_cast<std::int32_t>(d)) != axes.end();
    if (!gone) to.push_back(shape[d]);
    if (gone && keep) to.push_back(1);
  }
  return to;
}

/// The product of a shape's dimensions, as exporters compute it.
Status fold_product(NodeLowering& n) {
  TRY_ASSIGN(const std::vector<std::int64_t> values, n.integers(0));
  TRY_ASSIGN(const ValueId x, n.input(0));
  if (n.shape(x).size() > 1) return n.refuse("a product over more than one dimension");
  Tensor product(DType::kI64, n.integer("keepdims", 1) != 0 ? Shape(n.shape(x).size(), 1) : Shape{});
  std::int64_t& p = product.as<std::int64_t>()[0] = 1;
  for (const std::int64_t v : values)
    if (__builtin_mul_overflow(p, v, &p)) return n.broken("the product overflows");
  n.set_result(n.add_constant(std::move(product)));
  return {};
}

}  // namespace

Status lower_reduce(NodeLowering& n) {
  if (n.node().op == "ReduceProd") return fold_product(n);
  TRY_ASSIGN(const ValueId x, n.real(0));
  const Shape shape = n.shape(x);
  TRY_ASSIGN(std::vector<std::int32_t> axes, axes_of(n, shape.size()));
  const bool keep = n.integer("keepdims", 1) != 0;
  if (axes.empty()) {
    n.set_result(x);
    return {};
  }
  const isa::ReduceKind kind = std::ranges::find(kReductions, n.node().op, &Row::op)->kind;
  const Shape to = reduced(shape, axes, keep);
  const bool image =
      shape.size() == 4 && axes == std::vector<std::int32_t>{2, 3} && n.value(x).constant == nullptr;
  if (image && (kind == isa::ReduceKind::kMean || kind == isa::ReduceKind::kMax)) {
    // Over height and width it is a global pooling, which has a quantised form.
    const auto pool = kind == isa::ReduceKind::kMean ? isa::PoolKind::kAverage : isa::PoolKind::kMax;
    TRY_ASSIGN(const ValueId pooled, make_global_pool(n, x, pool));
    n.set_result(n.reshape(pooled, to));
    return {};
  }
  n.set_result(n.emit(ReduceNode{.kind = kind, .axes = std::move(axes), .keep_dims = keep}, {x}, to));
  return {};
}

Status lower_softmax(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, n.real(0));
  const Shape shape = n.shape(x);
  const auto rank = static_cast<std::int32_t>(shape.size());
  const bool log = n.node().op == "LogSoftmax";
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", n.opset() < 13 ? 1 : -1), shape.size()));
  if (n.opset() < 13) {  // over all dimensions from the axis on, as one
    const Shape outer(shape.begin(), shape.begin() + axis), inner(shape.begin() + axis, shape.end());
    x = n.reshape(x, {*element_count(outer), *element_count(inner)});
    x = n.emit(SoftmaxNode{.axis = -1, .log = log}, {x}, Shape(n.shape(x)));
    n.set_result(n.reshape(x, shape));
    return {};
  }
  if (axis == rank - 1) {
    n.set_result(n.emit(SoftmaxNode{.axis = -1, .log = log}, {x}, shape));
    return {};
  }
  std::vector<std::int32_t> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[axis], order[rank - 1]);  // its own inverse
  x = n.transpose(x, order);
  x = n.emit(SoftmaxNode{.axis = -1, .log = log}, {x}, Shape(n.shape(x)));
  n.set_result(n.transpose(x, order));
  return {};
}

}  // namespace chengying::compiler
