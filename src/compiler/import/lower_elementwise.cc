// Element by element: functions of one tensor, and of two that repeat to one shape.
#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

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
    if (!id || n.value(*id).constant == nullptr) return false;
    if (n.value(*id).dtype != DType::kI64 && n.value(*id).dtype != DType::kI32) return false;
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

/// Before version 7 shapes repeated only where an attribute said so, and along another axis.
Status check_version(NodeLowering& n) {
  if (n.opset() >= 7 || (n.integer("broadcast", 0) == 0 && !n.has_attribute("axis"))) return {};
  return n.refuse("shapes that repeat along an axis (operators before version 7); convert the model to 13");
}

/// Integers divide towards zero, and what leaves a narrow type wraps around.
Real as_integers(std::string_view op, const Real& y, DType type) {
  if (type == DType::kF32) return y;
  return wrapped(op == "Div" || op == "Pow" ? truncate(y) : y, type);
}

Status set_typed(NodeLowering& n, const Real& y, DType type) {
  n.set_result(n.from_real(as_integers(n.node().op, y, type).id, type));
  return {};
}

}  // namespace

Status lower_unary(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  const ValueId x = n.to_real(from);
  const UnaryRow& row = *std::ranges::find(kUnary, n.node().op, &UnaryRow::op);
  const ValueId y = n.unary(row.kind, x, n.number("alpha", row.alpha), n.number("beta", row.beta));
  return set_typed(n, {&n, y}, n.type_of(from));
}

Status lower_clip(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  float low = n.number("min", -isa::kInfinity), high = n.number("max", isa::kInfinity);
  if (n.has(1)) {
    TRY_ASSIGN(low, n.scalar(1));
  }
  if (n.has(2)) {
    TRY_ASSIGN(high, n.scalar(2));
  }
  const ValueId y = n.unary(isa::UnaryKind::kClip, n.to_real(from), low, high);
  n.set_result(n.from_real(y, n.type_of(from)));
  return {};
}

Status lower_prelu(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.as_real(0));
  TRY_ASSIGN(ValueId slope, n.as_real(1));
  if (n.opset() < 7 && n.shape(slope).size() == 1 && n.shape(x).size() > 2) {  // one for each channel
    Shape wide(n.shape(x).size() - 1, 1);
    wide[0] = n.shape(slope)[0];
    slope = n.reshape(slope, std::move(wide));
  }
  TRY(check_shapes(n, x, slope));
  if (const ConstantTensor known = n.known(slope); known != nullptr && known->elements() > 0) {
    const auto slopes = known->as<float>();
    if (std::ranges::all_of(slopes, [&](float s) { return s == slopes.front(); })) {
      n.set_result(n.unary(isa::UnaryKind::kLeakyRelu, x, slopes.front()));
      return {};
    }
  }
  const ValueId positive = n.unary(isa::UnaryKind::kRelu, x);
  const ValueId negative = n.unary(isa::UnaryKind::kClip, x, -isa::kInfinity, 0);
  n.set_result(n.binary(isa::BinaryKind::kAdd, positive, n.binary(isa::BinaryKind::kMul, negative, slope)));
  return {};
}

Status lower_gelu(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  if (n.text("approximate", "none") == "none") {
    n.set_result(n.unary(isa::UnaryKind::kGelu, x.id));
    return {};
  }
  constexpr float kRoot = 0.7978845608028654F;  // of 2 / pi
  n.set_result((0.5F * x * (1.0F + tanh(kRoot * (x + 0.044715F * x * x * x)))).id);
  return {};
}

Status lower_binary(NodeLowering& n) {
  if (on_integers(n) && n.node().op != "Pow") return fold_integers(n);
  TRY(check_version(n));
  TRY_ASSIGN(const ValueId first, n.input(0));
  TRY_ASSIGN(const ValueId second, n.input(1));
  // A whole number beside a float is how exporters write exponents.
  const bool mixed = n.known(first) != nullptr && n.node().op != "Pow";
  const DType type = n.type_of(mixed ? second : first);
  const ValueId a = n.to_real(first), b = n.to_real(second);
  TRY(check_shapes(n, a, b));
  const isa::BinaryKind kind = binary_kind(n.node().op);
  std::optional<ValueId> y;
  if (kind == isa::BinaryKind::kPow) y = simple_power(n, a, b);
  return set_typed(n, {&n, y ? *y : n.binary(kind, a, b)}, type);
}

Status lower_variadic(NodeLowering& n) {
  if (on_integers(n)) return fold_integers(n);
  TRY(check_version(n));
  TRY_ASSIGN(const ValueId first, n.input(0));
  ValueId y = n.to_real(first);
  for (std::size_t i = 1; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ValueId x, n.as_real(i));
    TRY(check_shapes(n, y, x));
    y = n.binary(binary_kind(n.node().op), y, x);
  }
  if (n.node().op == "Mean") {
    const ValueId count = n.add_constant(static_cast<float>(n.inputs()), n.shape(y).size());
    y = n.binary(isa::BinaryKind::kDiv, y, count);
  }
  return set_typed(n, {&n, y}, n.type_of(first));
}

}  // namespace chengying::compiler
