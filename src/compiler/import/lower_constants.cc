// What is known before the model runs: constants, shapes, and the integer arithmetic that exporters do on
// them.
#include <algorithm>
#include <cmath>

#include "compiler/graph/moves.h"
#include "compiler/import/operators.h"
#include "compiler/import/tensor_proto.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

Tensor integer_tensor(const std::vector<std::int64_t>& values, Shape shape) {
  Tensor tensor(DType::kI64, std::move(shape));
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return tensor;
}

/// Elements of any constant as doubles: what Cast goes through. Integers beyond 2^53 don't occur in shapes.
std::vector<double> as_doubles(const Tensor& t) {
  std::vector<double> out(static_cast<std::size_t>(t.elements()));
  const auto fill = [&]<class T>(T) {
    std::ranges::transform(t.as<T>(), out.begin(), [](T v) { return static_cast<double>(v); });
  };
  switch (t.dtype()) {
    case DType::kF32:
      fill(float{});
      break;
    case DType::kI64:
      fill(std::int64_t{});
      break;
    case DType::kI32:
      fill(std::int32_t{});
      break;
    case DType::kI16:
      fill(std::int16_t{});
      break;
    case DType::kI8:
      fill(std::int8_t{});
      break;
    default:
      fill(std::uint8_t{});
      break;
  }
  return out;
}

Tensor from_doubles(const std::vector<double>& values, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  const auto fill = [&]<class T>(T) {
    std::ranges::transform(values, tensor.as<T>().begin(), [](double v) {
      if constexpr (std::is_same_v<T, float>)
        return static_cast<float>(v);
      else
        return static_cast<T>(static_cast<std::int64_t>(std::clamp(std::isnan(v) ? 0 : v, -9.0e18, 9.0e18)));
    });
  };
  switch (dtype) {
    case DType::kF32:
      fill(float{});
      break;
    case DType::kI64:
      fill(std::int64_t{});
      break;
    case DType::kI32:
      fill(std::int32_t{});
      break;
    case DType::kI16:
      fill(std::int16_t{});
      break;
    case DType::kI8:
      fill(std::int8_t{});
      break;
    case DType::kBool:
      std::ranges::transform(values, tensor.as<std::uint8_t>().begin(),
                             [](double v) { return v != 0 ? 1 : 0; });
      break;
    default:
      fill(std::uint8_t{});
      break;
  }
  return tensor;
}

Result<std::int64_t> integer_of(NodeLowering& n, std::int64_t a, std::int64_t b) {
  const std::string& op = n.node().op;
  std::int64_t result = 0;
  bool overflow = false;
  if (op == "Add") overflow = __builtin_add_overflow(a, b, &result);
  if (op == "Sub") overflow = __builtin_sub_overflow(a, b, &result);
  if (op == "Mul") overflow = __builtin_mul_overflow(a, b, &result);
  if (op == "Max") result = std::max(a, b);
  if (op == "Min") result = std::min(a, b);
  if (op == "Div") {
    if (b == 0) return n.broken("a division of integers by zero");
    if (b == -1)
      overflow = __builtin_sub_overflow(std::int64_t{0}, a, &result);
    else
      result = a / b;
  }
  if (overflow) return n.broken("integers that overflow");
  return result;
}

struct Pair {
  Tensor a, b;
};

/// Two constants repeated to one shape, as i64 or f32.
Result<Pair> repeated(NodeLowering& n, const Tensor& a, const Tensor& b, DType dtype) {
  const std::optional<Shape> shape = broadcast_shape(a.shape(), b.shape());
  if (!shape || *element_count(*shape) > kElementsMax / 64)
    return n.broken(fmt::format("shapes {} and {} do not repeat to one another", to_string(a.shape()),
                                to_string(b.shape())));
  const auto widen = [&](const Tensor& t) {
    Shape wide = t.shape();
    wide.insert(wide.begin(), shape->size() - wide.size(), 1);
    return broadcasted(from_doubles(as_doubles(t), dtype, wide), *shape);
  };
  return Pair{widen(a), widen(b)};
}

}  // namespace

Status lower_constant(NodeLowering& n) {
  const auto set = [&](Tensor tensor) {
    n.set_result(n.add_constant(std::move(tensor)));
    return Status();
  };
  if (const auto* value = n.attribute("value"))
    if (const auto* tensor = std::get_if<ConstantTensor>(value)) return set(**tensor);
  if (n.has_attribute("value_float")) {
    Tensor tensor(DType::kF32, {});
    tensor.as<float>()[0] = n.number("value_float", 0);
    return set(std::move(tensor));
  }
  if (n.has_attribute("value_int")) return set(integer_tensor({n.integer("value_int", 0)}, {}));
  if (n.has_attribute("value_ints")) {
    const std::vector<std::int64_t> values = n.integers("value_ints", {});
    return set(integer_tensor(values, {static_cast<std::int64_t>(values.size())}));
  }
  if (const auto* value = n.attribute("value_floats"))
    if (const auto* floats = std::get_if<std::vector<float>>(value)) {
      Tensor tensor(DType::kF32, {static_cast<std::int64_t>(floats->size())});
      std::ranges::copy(*floats, tensor.as<float>().begin());
      return set(std::move(tensor));
    }
  return n.refuse("a constant that is neither a tensor nor numbers");
}

Status lower_constant_of_shape(NodeLowering& n) {
  TRY_ASSIGN(const Shape shape, n.integers(0));
  const Result<std::int64_t> elements = element_count(shape);
  if (!elements || *elements > kElementsMax / 64 || shape.size() > kRankMax)
    return n.broken(fmt::format("a constant of shape {}", to_string(shape)));
  double fill = 0;
  DType dtype = DType::kF32;
  if (const auto* value = n.attribute("value"))
    if (const auto* tensor = std::get_if<ConstantTensor>(value)) {
      if ((*tensor)->elements() != 1) return n.broken("the value must have one element");
      fill = as_doubles(**tensor)[0];
      dtype = (*tensor)->dtype();
    }
  n.set_result(n.add_constant(
      from_doubles(std::vector<double>(static_cast<std::size_t>(*elements), fill), dtype, shape)));
  return {};
}

Status lower_shape(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const Shape& shape = n.shape(x);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto place = [&](std::int64_t p) { return std::clamp<std::int64_t>(p < 0 ? p + rank : p, 0, rank); };
  const std::int64_t start = place(n.integer("start", 0)),
                     end = std::max(start, place(n.integer("end", rank)));
  const std::vector<std::int64_t> part(shape.begin() + start, shape.begin() + end);
  n.set_result(n.add_constant(integer_tensor(part, {end - start})));
  return {};
}

namespace {

/// x in the type in which the target is held.
Result<ValueId> cast_to(NodeLowering& n, ValueId x, DType target) {
  const DType from = n.value(x).dtype;
  if (from == target) return x;
  if (const ConstantTensor known = n.known(x)) {
    return n.add_constant(from_doubles(as_doubles(*known), target, known->shape()));
  }
  if (from == DType::kU8 && target == DType::kF32 && !n.is_from_i8(x) &&
      n.set_quantisation(x, Quantisation{.scales = {1}, .zero_point = 0, .axis = 0})) {
    return n.emit(
        DequantiseNode{}, {x},
        Value{.name = {}, .dtype = DType::kF32, .shape = n.shape(x), .quantisation = {}, .constant = {}});
  }
  return n.refuse(fmt::format("a cast of computed {} to {}", name_of(from), name_of(target)));
}

/// The nearest values that `half` (f16 or bf16) has, as f32.
ValueId rounded_to(NodeLowering& n, ValueId x, DType half) {
  const auto as = [&](DType dtype) {
    return Value{.name = {}, .dtype = dtype, .shape = n.shape(x), .quantisation = {}, .constant = {}};
  };
  return n.emit(HalfNode{}, {n.emit(HalfNode{}, {x}, as(half))}, as(DType::kF32));
}

}  // namespace

Status lower_cast(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const std::int64_t to = n.integer("to", 0);
  // ONNX's numbers: 1 float, 2 u8, 3 i8, 5 i16, 6 i32, 7 i64, 9 bool, 10 f16, 11 f64, 16 bf16.
  static constexpr std::pair<std::int64_t, DType> kTypes[] = {
      {1, DType::kF32}, {2, DType::kU8},   {3, DType::kI8},   {5, DType::kI16},  {6, DType::kI32},
      {7, DType::kI64}, {9, DType::kBool}, {10, DType::kF16}, {11, DType::kF64}, {16, DType::kBF16}};
  const auto* type = std::ranges::find(kTypes, to, &std::pair<std::int64_t, DType>::first);
  if (type == std::end(kTypes)) return n.refuse(fmt::format("a cast to ONNX type {}", to));
  const DType target = type->second;
  TRY_ASSIGN(const ValueId held, cast_to(n, x, held_as(target)));
  const bool half = target == DType::kF16 || target == DType::kBF16;
  n.set_result(half ? rounded_to(n, held, target) : held);
  return {};
}

Status lower_range(NodeLowering& n) {
  TRY_ASSIGN(const std::vector<std::int64_t> start, n.integers(0));
  TRY_ASSIGN(const std::vector<std::int64_t> limit, n.integers(1));
  TRY_ASSIGN(const std::vector<std::int64_t> delta, n.integers(2));
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1 || delta[0] == 0)
    return n.broken("the range");
  std::vector<std::int64_t> values;
  for (std::int64_t v = start[0]; delta[0] > 0 ? v < limit[0] : v > limit[0]; v += delta[0]) {
    if (values.size() > 1'000'000) return n.refuse("a range of more than a million numbers");
    values.push_back(v);
  }
  n.set_result(n.add_constant(integer_tensor(values, {static_cast<std::int64_t>(values.size())})));
  return {};
}

Status fold_integers(NodeLowering& n) {
  TRY_ASSIGN(const ConstantTensor first, n.constant(0));
  if (first->dtype() != DType::kI64 && first->dtype() != DType::kI32)
    return n.refuse(fmt::format("on constants of type {}", name_of(first->dtype())));
  if (n.inputs() == 1 || n.node().op == "Clip") return n.refuse("on integers");
  Tensor total = *first;
  for (std::size_t i = 1; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ConstantTensor next, n.constant(i));
    TRY_ASSIGN(const Pair pair, repeated(n, total, *next, DType::kI64));
    total = Tensor(DType::kI64, pair.a.shape());
    for (std::size_t e = 0; e < total.as<std::int64_t>().size(); ++e) {
      TRY_ASSIGN(total.as<std::int64_t>()[e],
                 integer_of(n, pair.a.as<std::int64_t>()[e], pair.b.as<std::int64_t>()[e]));
    }
  }
  n.set_result(n.add_constant(from_doubles(as_doubles(total), first->dtype(), total.shape())));
  return {};
}

Status lower_compare(NodeLowering& n) {
  TRY_ASSIGN(const ConstantTensor a, n.constant(0));
  TRY_ASSIGN(const ConstantTensor b, n.constant(1));
  TRY_ASSIGN(const Pair pair, repeated(n, *a, *b, DType::kI64));
  Tensor result(DType::kBool, pair.a.shape());
  for (std::size_t i = 0; i < result.as<std::uint8_t>().size(); ++i) {
    const std::int64_t x = pair.a.as<std::int64_t>()[i], y = pair.b.as<std::int64_t>()[i];
    const bool holds = n.node().op == "Equal" ? x == y : n.node().op == "Less" ? x < y : x > y;
    result.as<std::uint8_t>()[i] = holds ? 1 : 0;
  }
  n.set_result(n.add_constant(std::move(result)));
  return {};
}

Status lower_where(NodeLowering& n) {
  TRY_ASSIGN(const ConstantTensor condition, n.constant(0));
  TRY_ASSIGN(const ConstantTensor yes, n.constant(1));
  TRY_ASSIGN(const ConstantTensor no, n.constant(2));
  if (yes->dtype() != no->dtype()) return n.broken("two types");
  TRY_ASSIGN(const Pair pair, repeated(n, *yes, *no, yes->dtype()));
  TRY_ASSIGN(const Pair chosen, repeated(n, *condition, pair.a, DType::kI64));
  if (chosen.a.shape() != pair.a.shape()) return n.refuse("a condition of more dimensions than its choices");
  std::vector<double> result = as_doubles(pair.b);
  const std::vector<double> taken = as_doubles(pair.a);
  for (std::size_t i = 0; i < result.size(); ++i)
    if (chosen.a.as<std::int64_t>()[i] != 0) result[i] = taken[i];
  n.set_result(n.add_constant(from_doubles(result, yes->dtype(), pair.a.shape())));
  return {};
}

}  // namespace chengying::compiler
