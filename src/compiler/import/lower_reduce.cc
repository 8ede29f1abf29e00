// Reductions over some axes: those of the chip, and those that are formulas around them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

using Axes = std::vector<std::int32_t>;

Shape reduced(const Shape& shape, const Axes& axes, bool keep) {
  Shape to;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool gone = std::ranges::find(axes, static_cast<std::int32_t>(d)) != axes.end();
    if (!gone) to.push_back(shape[d]);
    if (gone && keep) to.push_back(1);
  }
  return to;
}

Real sum(const Real& x, const Axes& axes) {
  return reduce(isa::ReduceKind::kSum, x, axes);
}
Real sum_of_squares(const Real& x, const Axes& axes) {
  return reduce(isa::ReduceKind::kSumOfSquares, x, axes);
}

/// log(sum of exp) with the largest taken out, so that nothing overflows; of infinities it is the largest.
Real log_sum_exp(const Real& x, const Axes& axes) {
  const Real most = clip(reduce(isa::ReduceKind::kMax, x, axes), std::numeric_limits<float>::lowest(),
                         std::numeric_limits<float>::max());
  return most + log(sum(exp(x - most), axes));
}

/// Halves multiplied with each other until one is left.
Real product(const Real& x, const Axes& axes) {
  Real y = x;
  for (const std::int32_t axis : axes)
    for (std::int64_t size = y.shape()[axis]; size > 1; size = (size + 1) / 2) {
      const Real low{x.n, make_slice(*x.n, y.id, axis, 0, size / 2)};
      Real next = low * Real{x.n, make_slice(*x.n, y.id, axis, size - size / 2, size / 2)};
      if (size % 2 == 1) {
        Shape joined = next.shape();
        joined[axis] += 1;
        const ValueId middle = make_slice(*x.n, y.id, axis, size / 2, 1);
        next.id = x.n->emit(ConcatNode{axis}, {next.id, middle}, std::move(joined));
      }
      y = next;
    }
  return y;
}

struct Row {
  std::string_view op;
  Real (*formula)(const Real& x, const Axes& axes);
};
constexpr Row kReductions[] = {
    {"ReduceMean", [](const Real& x, const Axes& a) { return reduce(isa::ReduceKind::kMean, x, a); }},
    {"ReduceSum", sum},
    {"ReduceMax", [](const Real& x, const Axes& a) { return reduce(isa::ReduceKind::kMax, x, a); }},
    {"ReduceMin", [](const Real& x, const Axes& a) { return reduce(isa::ReduceKind::kMin, x, a); }},
    {"ReduceSumSquare", sum_of_squares},
    {"ReduceL1", [](const Real& x, const Axes& a) { return sum(abs(x), a); }},
    {"ReduceL2", [](const Real& x, const Axes& a) { return sqrt(sum_of_squares(x, a)); }},
    {"ReduceLogSum", [](const Real& x, const Axes& a) { return log(sum(x, a)); }},
    {"ReduceLogSumExp", log_sum_exp},
    {"ReduceProd", product},
};

/// The product of a shape's dimensions, as exporters compute it: exact in 64 bits.
Result<bool> fold_product(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const ConstantTensor known = n.value(x).constant;
  if (n.node().op != "ReduceProd" || known == nullptr || known->dtype() != DType::kI64 ||
      known->shape().size() > 1)
    return false;
  TRY_ASSIGN(const std::vector<std::int64_t> values, n.integers(0));
  Tensor product(DType::kI64, n.integer("keepdims", 1) != 0 ? Shape(n.shape(x).size(), 1) : Shape{});
  std::int64_t& p = product.as<std::int64_t>()[0] = 1;
  for (const std::int64_t v : values)
    if (__builtin_mul_overflow(p, v, &p)) return n.broken("the product overflows");
  n.set_result(n.add_constant(std::move(product)));
  return true;
}

/// Over height and width, mean and maximum are global poolings, which have a quantised form.
std::optional<isa::PoolKind> as_pool(NodeLowering& n, ValueId x, const Axes& axes) {
  const bool image = n.shape(x).size() == 4 && axes == Axes{2, 3} && n.value(x).constant == nullptr &&
                     n.value(x).dtype == DType::kF32;
  if (image && n.node().op == "ReduceMean") return isa::PoolKind::kAverage;
  if (image && n.node().op == "ReduceMax") return isa::PoolKind::kMax;
  return std::nullopt;
}

}  // namespace

Result<Axes> reduction_axes(NodeLowering& n, std::size_t rank) {
  std::vector<std::int64_t> given = n.integers("axes", {});
  if (n.has(1)) {
    TRY_ASSIGN(given, n.integers(1));
  }
  Axes axes;
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

Status lower_reduce(NodeLowering& n) {
  TRY_ASSIGN(const bool folded, fold_product(n));
  if (folded) return {};
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const Axes axes, reduction_axes(n, n.shape(x).size()));
  const Shape to = reduced(n.shape(x), axes, n.integer("keepdims", 1) != 0);
  if (const std::optional<isa::PoolKind> pool = as_pool(n, x, axes)) {
    TRY_ASSIGN(const ValueId pooled, make_global_pool(n, x, *pool));
    n.set_result(n.reshape(pooled, to));
    return {};
  }
  const Real y = std::ranges::find(kReductions, n.node().op, &Row::op)->formula({&n, n.to_real(x)}, axes);
  n.set_result(n.from_real(n.reshape(y.id, to), n.type_of(x)));
  return {};
}

}  // namespace chengying::compiler
