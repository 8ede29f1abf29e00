// Element by element: functions of one tensor, and of two that repeat to one shape.
#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

struct UnaryRow {
  std::string_view op;
  isa::UnaryKind kind;
  float alpha, beta;  // ONNX's defaults of the attributes of these names
};

constexpr UnaryRow kUnary[] = {
    {"Relu", isa::UnaryKind::kRelu, 0, 0},
    {"LeakyRelu", isa::UnaryKind::kLeakyRelu, 0.01F, 0},
    {"Elu", isa::UnaryKind::kElu, 1, 0},
    {"Sigmoid", isa::UnaryKind::kSigmoid, 0, 0},
    {"HardSigmoid", isa::UnaryKind::kHardSigmoid, 0.2F, 0.5F},
    {"HardSwish", isa::UnaryKind::kHardSwish, 0, 0},
    {"Tanh", isa::UnaryKind::kTanh, 0, 0},
    {"Exp", isa::UnaryKind::kExp, 0, 0},
    {"Log", isa::UnaryKind::kLog, 0, 0},
    {"Sqrt", isa::UnaryKind::kSqrt, 0, 0},
    {"Reciprocal", isa::UnaryKind::kReciprocal, 0, 0},
    {"Neg", isa::UnaryKind::kNeg, 0, 0},
    {"Abs", isa::UnaryKind::kAbs, 0, 0},
    {"Erf", isa::UnaryKind::kErf, 0, 0},
    {"Softplus", isa::UnaryKind::kSoftplus, 0, 0},
    {"Mish", isa::UnaryKind::kMish, 0, 0},
    {"Floor", isa::UnaryKind::kFloor, 0, 0},
    {"Ceil", isa::UnaryKind::kCeil, 0, 0},
    {"Round", isa::UnaryKind::kRound, 0, 0},
};

struct BinaryRow {
  std::string_view op;
  isa::BinaryKind kind;
};

constexpr BinaryRow kBinary[] = {
    {"Add", isa::BinaryKind::kAdd}, {"Sub", isa::BinaryKind::kSub}, {"Mul", isa::BinaryKind::kMul},
    {"Div", isa::BinaryKind::kDiv}, {"Pow", isa::BinaryKind::kPow}, {"Max", isa::BinaryKind::kMax},
    {"Min", isa::BinaryKind::kMin}, {"Sum", isa::BinaryKind::kAdd}, {"Mean", isa::BinaryKind::kAdd},
};

isa::BinaryKind binary_kind(std::string_view op) {
  return std::ranges::find(kBinary, op, &BinaryRow::op)->kind;
}

Status check_shapes(NodeLowering& n, ValueId a, ValueId b) {
  if (broadcast_shape(n.shape(a), n.shape(b))) return {};
  return n.broken(fmt::format("shapes {} and {} do not repeat to one another", to_string(n.shape(a)),
                              to_string(n.shape(b))));
}

/// All operands are constant integers: a shape is being computed.
bool on_integers(NodeLowering& n) {
  for (std::size_t i = 0; i < n.inputs(); ++i) {
    const Result<ValueId> id = n.input(i);
    if (!id || n.value(*id).constant == nullptr || n.value(*id).dtype == DType::kF32) return false;
  }
  return true;
}

/// x^2, sqrt(x) and 1/x are what a general power is not: exact.
std::optional<ValueId> simple_power(NodeLowering& n, ValueId x, ValueId exponent) {
  const ConstantTensor e = n.known(exponent);
  if (e == nullptr || e->elements() != 1 || e->dtype() != DType::kF32) return std::nullopt;
  const float power = e->as<float>()[0];
  if (power == 1) return x;
  if (power == 2) return n.binary(isa::BinaryKind::kMul, x, x);
  if (power == 0.5F) return n.unary(isa::UnaryKind::kSqrt, x);
  if (power == -1) return n.unary(isa::UnaryKind::kReciprocal, x);
  return std::nullopt;
}

/// An integer constant beside a float, as exporters write exponents: its float.
Result<ValueId> real_or_integer(NodeLowering& n, std::size_t i) {
  TRY_ASSIGN(const ValueId id, n.input(i));
  const ConstantTensor known = n.value(id).constant;
  if (known == nullptr || (known->dtype() != DType::kI64 && known->dtype() != DType::kI32)) return n.real(i);
  TRY_ASSIGN(const std::vector<std::int64_t> integers, n.integers(i));
  Tensor real(DType::kF32, known->shape());
  std::ranges::transform(integers, real.as<float>().begin(),
                         [](std::int64_t v) { return static_cast<float>(v); });
  return n.add_constant(std::move(real));
}

}  // namespace

Status lower_unary(NodeLowering& n) {
  if (on_integers(n)) return fold_integers(n);
  TRY_ASSIGN(const ValueId x, n.real(0));
  const UnaryRow& row = *std::ranges::find(kUnary, n.node().op, &UnaryRow::op);
  n.set_result(n.unary(row.kind, x, n.number("alpha", row.alpha), n.number("beta", row.beta)));
  return {};
}

Status lower_clip(NodeLowering& n) {
  if (on_integers(n)) return fold_integers(n);
  TRY_ASSIGN(const ValueId x, n.real(0));
  float low = n.number("min", -isa::kInfinity), high = n.number("max", isa::kInfinity);
  if (n.has(1)) {
    TRY_ASSIGN(low, n.scalar(1));
  }
  if (n.has(2)) {
    TRY_ASSIGN(high, n.scalar(2));
  }
  n.set_result(n.unary(isa::UnaryKind::kClip, x, low, high));
  return {};
}

Status lower_prelu(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  TRY_ASSIGN(const std::vector<float> slopes, n.floats(1));
  TRY_ASSIGN(const ValueId slope, n.real(1));
  TRY(check_shapes(n, x, slope));
  const bool one = std::ranges::all_of(slopes, [&](float s) { return s == slopes.front(); });
  if (one && !slopes.empty()) {
    n.set_result(n.unary(isa::UnaryKind::kLeakyRelu, x, slopes.front()));
    return {};
  }
  const ValueId positive = n.unary(isa::UnaryKind::kRelu, x);
  const ValueId negative = n.unary(isa::UnaryKind::kClip, x, -isa::kInfinity, 0);
  n.set_result(n.binary(isa::BinaryKind::kAdd, positive, n.binary(isa::BinaryKind::kMul, negative, slope)));
  return {};
}

Status lower_gelu(NodeLowering& n) {
  if (n.text("approximate", "none") != "none")
    return n.refuse("the tanh approximation of Gelu; export it with approximate=none");
  TRY_ASSIGN(const ValueId x, n.real(0));
  n.set_result(n.unary(isa::UnaryKind::kGelu, x));
  return {};
}

Status lower_binary(NodeLowering& n) {
  if (on_integers(n)) return fold_integers(n);
  TRY_ASSIGN(const ValueId a, real_or_integer(n, 0));
  TRY_ASSIGN(const ValueId b, real_or_integer(n, 1));
  TRY(check_shapes(n, a, b));
  const isa::BinaryKind kind = binary_kind(n.node().op);
  if (kind == isa::BinaryKind::kPow)
    if (const auto power = simple_power(n, a, b)) {
      n.set_result(*power);
      return {};
    }
  n.set_result(n.binary(kind, a, b));
  return {};
}

Status lower_variadic(NodeLowering& n) {
  if (on_integers(n)) return fold_integers(n);
  TRY_ASSIGN(ValueId y, n.real(0));
  for (std::size_t i = 1; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ValueId x, n.real(i));
    TRY(check_shapes(n, y, x));
    y = n.binary(binary_kind(n.node().op), y, x);
  }
  if (n.node().op == "Mean") {
    const ValueId count = n.add_constant(static_cast<float>(n.inputs()), n.shape(y).size());
    y = n.binary(isa::BinaryKind::kDiv, y, count);
  }
  n.set_result(y);
  return {};
}

}  // namespace chengying::compiler
