#include "compiler/import/real.h"

#include <algorithm>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

Real binary(isa::BinaryKind kind, const Real& a, const Real& b) {
  return {a.n, a.n->binary(kind, a.id, b.id)};
}
Real unary(isa::UnaryKind kind, const Real& x, float alpha = 0, float beta = 0) {
  return {x.n, x.n->unary(kind, x.id, alpha, beta)};
}

}  // namespace

Result<Real> real_operand(NodeLowering& n, std::size_t i) {
  TRY_ASSIGN(const ValueId id, n.as_real(i));
  return Real{&n, id};
}

Real constant_like(const Real& x, float value) {
  return {x.n, x.n->add_constant(value, x.shape().size())};
}

Real operator+(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kAdd, a, b);
}
Real operator-(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kSub, a, b);
}
Real operator*(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kMul, a, b);
}
Real operator/(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kDiv, a, b);
}
Real operator+(const Real& a, float b) {
  return a + constant_like(a, b);
}
Real operator-(const Real& a, float b) {
  return a - constant_like(a, b);
}
Real operator*(const Real& a, float b) {
  return a * constant_like(a, b);
}
Real operator/(const Real& a, float b) {
  return a / constant_like(a, b);
}
Real operator+(float a, const Real& b) {
  return b + a;
}
Real operator-(float a, const Real& b) {
  return constant_like(b, a) - b;
}
Real operator*(float a, const Real& b) {
  return b * a;
}
Real operator/(float a, const Real& b) {
  return constant_like(b, a) / b;
}
Real operator-(const Real& x) {
  return unary(isa::UnaryKind::kNeg, x);
}

Real max(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kMax, a, b);
}
Real min(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kMin, a, b);
}
Real max(const Real& a, float b) {
  return max(a, constant_like(a, b));
}
Real min(const Real& a, float b) {
  return min(a, constant_like(a, b));
}
Real power(const Real& a, const Real& b) {
  return binary(isa::BinaryKind::kPow, a, b);
}
Real abs(const Real& x) {
  return unary(isa::UnaryKind::kAbs, x);
}
Real exp(const Real& x) {
  return unary(isa::UnaryKind::kExp, x);
}
Real log(const Real& x) {
  return unary(isa::UnaryKind::kLog, x);
}
Real sqrt(const Real& x) {
  return unary(isa::UnaryKind::kSqrt, x);
}
Real tanh(const Real& x) {
  return unary(isa::UnaryKind::kTanh, x);
}
Real floor(const Real& x) {
  return unary(isa::UnaryKind::kFloor, x);
}
Real ceil(const Real& x) {
  return unary(isa::UnaryKind::kCeil, x);
}
Real round(const Real& x) {
  return unary(isa::UnaryKind::kRound, x);
}
Real relu(const Real& x) {
  return unary(isa::UnaryKind::kRelu, x);
}
Real clip(const Real& x, float low, float high) {
  return unary(isa::UnaryKind::kClip, x, low, high);
}
Real truncate(const Real& x) {
  return floor(clip(x, 0, isa::kInfinity)) + ceil(clip(x, -isa::kInfinity, 0));
}

Real wrapped(const Real& whole, DType type) {
  const bool is_signed = type != DType::kU8;
  if (size_of(type) > 2 || type == DType::kBool) return whole;
  const float period = size_of(type) == 1 ? 256 : 65536, low = is_signed ? -period / 2 : 0;
  return whole - floor((whole - low) / period) * period;
}

Real positive(const Real& x) {
  return ceil(clip(x, 0, 1));  // a NaN becomes 0
}
Real greater(const Real& a, const Real& b) {
  return positive(a - b);
}
Real is_nan(const Real& x) {
  return positive(-clip(abs(x), -1, isa::kInfinity));  // a NaN becomes -1
}
Real equal(const Real& a, const Real& b) {
  return positive(1.0F - greater(a, b) - greater(b, a) - is_nan(a + b));
}
Real select(const Real& condition, const Real& yes, const Real& no) {
  // The side that is not taken becomes -infinity, whatever it was, and loses the maximum.
  const auto kept = [](const Real& x, const Real& is_kept) {
    return min(x, (is_kept * 2.0F - 1.0F) * isa::kInfinity);
  };
  const Real other = 1.0F - condition;
  const Real chosen = max(kept(yes, condition), kept(no, other));
  // What is taken and is NaN became infinity: the root of -1 makes it NaN again, that of -0 changes nothing.
  return chosen + sqrt(-(condition * is_nan(yes) + other * is_nan(no)));
}

Real reduce(isa::ReduceKind kind, const Real& x, std::vector<std::int32_t> axes) {
  Shape to = x.shape();
  for (const std::int32_t axis : axes) to[static_cast<std::size_t>(axis)] = 1;
  if (axes.empty()) return x;
  ReduceNode node{.kind = kind, .axes = std::move(axes), .keep_dims = true};
  return {x.n, x.n->emit(std::move(node), {x.id}, std::move(to))};
}

Real reshape(const Real& x, Shape to) {
  return {x.n, x.n->reshape(x.id, std::move(to))};
}
Real transpose(const Real& x, std::vector<std::int32_t> permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return {x.n, x.n->transpose(x.id, std::move(permutation))};
}
Real times_matrix(const Real& x, Tensor matrix) {
  return {x.n, make_dense(*x.n, x.id, x.n->add_constant(std::move(matrix), "matrix"), kNoValue)};
}

}  // namespace chengying::compiler
