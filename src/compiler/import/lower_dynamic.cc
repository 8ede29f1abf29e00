// Quantisation whose scales are found while it runs, and products of integers: in f32, which holds sums of
// integers exactly up to 2^24.
#include <algorithm>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

std::vector<std::int32_t> all_axes(const Real& x) {
  std::vector<std::int32_t> axes(x.shape().size());
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

/// Operand `i` without its zero point, which is operand `zero_at`: one, or one along `axis`.
Result<Real> centred(NodeLowering& n, std::size_t i, std::size_t zero_at, std::size_t axis) {
  TRY_ASSIGN(const Real x, real_operand(n, i));
  if (!n.has(zero_at)) return x;
  TRY_ASSIGN(const Real zero, real_operand(n, zero_at));
  const std::int64_t count = *element_count(zero.shape());
  Shape wide(x.shape().size(), 1);
  if (count != 1) {
    if (axis >= wide.size() || zero.shape() != Shape{x.shape()[axis]})
      return n.broken(fmt::format("zero points {} for {}", to_string(zero.shape()), to_string(x.shape())));
    wide[axis] = count;
  }
  return x - reshape(zero, std::move(wide));
}

}  // namespace

Status lower_dynamic_quantize_linear(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const std::vector<std::int32_t> axes = all_axes(x);
  const Real least = min(reduce(isa::ReduceKind::kMin, x, axes), 0.0F);
  const Real most = max(reduce(isa::ReduceKind::kMax, x, axes), 0.0F);
  const Real scale = (most - least) / 255.0F, zero = round(clip(-least / scale, 0, 255));
  n.set_result(n.from_real((round(x / scale) + zero).id, DType::kU8));
  n.set_result(n.reshape(scale.id, {}), 1);
  n.set_result(n.from_real(n.reshape(zero.id, {}), DType::kU8), 2);
  return {};
}

Status lower_matmul_integer(NodeLowering& n) {
  TRY_ASSIGN(const ValueId a_id, n.input(0));
  TRY_ASSIGN(const ValueId b_id, n.input(1));
  const std::size_t a_rank = n.shape(a_id).size(), b_rank = n.shape(b_id).size();
  if (a_rank == 0 || b_rank == 0) return n.broken("matrices are wanted");
  TRY_ASSIGN(const Real a, centred(n, 0, 2, a_rank - std::min<std::size_t>(a_rank, 2)));
  TRY_ASSIGN(const Real b, centred(n, 1, 3, b_rank - 1));
  TRY_ASSIGN(const ValueId y, make_matmul(n, a.id, b.id));
  n.set_result(n.from_real(y, DType::kI32));
  return {};
}

Status lower_conv_integer(NodeLowering& n) {
  TRY_ASSIGN(const Real x, centred(n, 0, 2, 1));
  TRY_ASSIGN(const Real weights, centred(n, 1, 3, 0));
  TRY_ASSIGN(const ValueId y, make_conv(n, x.id, weights.id, kNoValue));
  n.set_result(n.from_real(y, DType::kI32));
  return {};
}

}  // namespace chengying::compiler
