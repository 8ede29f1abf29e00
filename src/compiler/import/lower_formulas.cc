// Functions of one tensor that have no opcode: each a formula of those that have.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

/// An odd polynomial: x * (c0 + c1 x^2 + c2 x^4 + ...).
Real odd(const Real& x, std::initializer_list<float> coefficients) {
  const Real square = x * x;
  auto c = std::rbegin(coefficients);
  Real sum = constant_like(x, *c);
  for (++c; c != std::rend(coefficients); ++c) sum = sum * square + *c;
  return x * sum;
}

/// sin, after x = r + pi * k with |r| <= pi / 2; pi in three parts, so that k * part is exact for k < 2^12.
Real sine(const Real& x) {
  const Real k = round(x * static_cast<float>(std::numbers::inv_pi));
  const Real r = x - k * 3.140625F - k * 0.0009670257568359375F - k * 6.2771141529083252e-7F;
  const Real half = k * 0.5F;
  const Real sign = 1.0F - 4.0F * (half - floor(half));  // 1 for even k, -1 for odd
  return sign * odd(r, {1.0F, -1.0F / 6, 1.0F / 120, -1.0F / 5040, 1.0F / 362880, -1.0F / 39916800});
}
Real cosine(const Real& x) {
  const Real k = round(x * static_cast<float>(std::numbers::inv_pi) - 0.5F) + 0.5F;
  const Real r = x - k * 3.140625F - k * 0.0009670257568359375F - k * 6.2771141529083252e-7F;
  const Real half = (k - 0.5F) * 0.5F;
  const Real sign = 4.0F * (half - floor(half)) - 1.0F;
  return sign * odd(r, {1.0F, -1.0F / 6, 1.0F / 120, -1.0F / 5040, 1.0F / 362880, -1.0F / 39916800});
}
Real tangent(const Real& x) {
  return sine(x) / cosine(x);
}

Real sign_of(const Real& x) {
  return positive(x) - positive(-x);
}

/// By its series in y / (1 + sqrt(1 + y^2)), which halves the angle, twice, after |x| > 1 became 1 / x.
Real arc_tangent(const Real& x) {
  const Real size = abs(x), large = positive(size - 1.0F);
  const Real y = min(size, 1.0F / max(size, 1e-30F));
  const Real half = y / (1.0F + sqrt(1.0F + y * y));
  const Real quarter = half / (1.0F + sqrt(1.0F + half * half));
  const Real angle = 4.0F * odd(quarter, {1.0F, -1.0F / 3, 1.0F / 5, -1.0F / 7, 1.0F / 9, -1.0F / 11});
  const Real turned = static_cast<float>(std::numbers::pi / 2) - angle;
  return sign_of(x) * (angle + large * (turned - angle));
}
Real arc_sine(const Real& x) {
  return 2.0F * arc_tangent(x / (1.0F + sqrt((1.0F - x) * (1.0F + x))));
}
Real arc_cosine(const Real& x) {
  return 2.0F * arc_tangent(sqrt((1.0F - x) / (1.0F + x)));
}

Real hyperbolic_cosine(const Real& x) {
  return 0.5F * (exp(x) + exp(-x));
}
Real hyperbolic_sine(const Real& x) {  // of small x without cancellation, of large x without infinity
  const Real size = abs(x), e = exp(-size);
  return sign_of(x) *
         select(positive(size - 1.0F), 0.5F * (exp(size) - e), tanh(size) * hyperbolic_cosine(size));
}
/// log(1 + u) for u >= 0: u * log(w) / (w - 1) with w = 1 + u as it is rounded, which takes back the
/// rounding.
Real log1p(const Real& u) {
  const Real w = 1.0F + u, off = w - 1.0F;
  return select(positive(off), log(w) * (u / max(off, 1e-30F)), u);
}
Real area_sine(const Real& x) {
  const Real size = abs(x), square = size * size;
  return sign_of(x) * log1p(size + square / (1.0F + sqrt(square + 1.0F)));
}
Real area_cosine(const Real& x) {
  const Real t = x - 1.0F;
  return log1p(t + sqrt(t * (x + 1.0F)));
}
Real area_tangent(const Real& x) {
  const Real size = abs(x);
  return sign_of(x) * 0.5F * log1p(2.0F * size / (1.0F - size));
}

Real sign(const Real& x) {
  return sign_of(x);
}
Real soft_sign(const Real& x) {
  return x / (1.0F + abs(x));
}

struct Row {
  std::string_view op;
  Real (*formula)(const Real& x);
};
constexpr Row kFormulas[] = {
    {"Sin", sine},           {"Cos", cosine},        {"Tan", tangent},          {"Asin", arc_sine},
    {"Acos", arc_cosine},    {"Atan", arc_tangent},  {"Sinh", hyperbolic_sine}, {"Cosh", hyperbolic_cosine},
    {"Asinh", area_sine},    {"Acosh", area_cosine}, {"Atanh", area_tangent},   {"Sign", sign},
    {"Softsign", soft_sign},
};

}  // namespace

Status lower_formula(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  const Real x{&n, n.to_real(from)};
  const Row& row = *std::ranges::find(kFormulas, n.node().op, &Row::op);
  n.set_result(n.from_real(row.formula(x).id, n.type_of(from)));
  return {};
}

Status lower_selu(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const float alpha = n.number("alpha", 1.67326319217681884765625F);
  const float gamma = n.number("gamma", 1.05070102214813232421875F);
  n.set_result((Real{&n, n.unary(isa::UnaryKind::kElu, x.id, alpha)} * gamma).id);
  return {};
}

/// max(0, x) + min(0, alpha * (exp(x / alpha) - 1)) = alpha * elu(x / alpha).
Status lower_celu(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const float alpha = n.number("alpha", 1);
  if (!(alpha > 0)) return n.refuse(fmt::format("an alpha of {}; a positive one is supported", alpha));
  n.set_result((Real{&n, n.unary(isa::UnaryKind::kElu, (x / alpha).id, 1)} * alpha).id);
  return {};
}

Status lower_thresholded_relu(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  n.set_result(select(positive(x - n.number("alpha", 1)), x, constant_like(x, 0)).id);
  return {};
}

/// x + bias below -lambd, x - bias above lambd, 0 between.
Status lower_shrink(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const float limit = n.number("lambd", 0.5F), bias = n.number("bias", 0);
  const Real zero = constant_like(x, 0);
  const Real below = select(positive(-limit - x), x + bias, zero);
  n.set_result(select(positive(x - limit), x - bias, below).id);
  return {};
}

/// What is left of a division: with the divisor's sign, or with the dividend's (fmod).
Status lower_mod(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  const Real a{&n, n.to_real(from)};
  TRY_ASSIGN(const Real b, real_operand(n, 1));
  if (!broadcast_shape(a.shape(), b.shape())) return n.broken("shapes that do not repeat to one another");
  const bool by_dividend = n.integer("fmod", 0) != 0;
  if (n.type_of(from) == DType::kF32 && !by_dividend) return n.broken("Mod of floats wants fmod = 1");
  const Real x = by_dividend ? abs(a) : a, d = by_dividend ? abs(b) : b;
  Real rest = x - d * floor(x / d);
  if (by_dividend) {  // the quotient may have been rounded over a whole number
    rest = rest + d * positive(-rest);
    rest = rest - d * (1.0F - positive(d - rest));
    rest = rest * sign_of(a);
  }
  n.set_result(n.from_real(rest.id, n.type_of(from)));
  return {};
}

}  // namespace chengying::compiler
