// What is known before the model runs: constants, shapes, and the integer arithmetic that exporters do on
// them.
#include <algorithm>
#include <cmath>

#include "compiler/graph/moves.h"
#include "compiler/import/numbers.h"
#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/tensor_proto.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

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

/// How many numbers from `start` on by `delta` lie before `limit`.
Result<std::int64_t> range_length(NodeLowering& n, double start, double limit, double delta) {
  if (delta == 0) return n.broken("a range with a step of 0");
  const double length = std::ceil((limit - start) / delta);
  if (length > 1'000'000) return n.refuse("a range of more than a million numbers");
  if (!(length >= 1)) return n.refuse("an empty range");
  return static_cast<std::int64_t>(length);
}

Status lower_range(NodeLowering& n) {
  std::vector<double> bounds;
  for (std::size_t i = 0; i < 3; ++i) {
    TRY_ASSIGN(const ConstantTensor bound, n.constant(i));
    if (bound->elements() != 1) return n.broken("a bound of the range is not one number");
    bounds.push_back(as_doubles(*bound)[0]);
  }
  TRY_ASSIGN(const std::int64_t length, range_length(n, bounds[0], bounds[1], bounds[2]));
  std::vector<double> values;
  for (std::int64_t i = 0; i < length; ++i) values.push_back(bounds[0] + static_cast<double>(i) * bounds[2]);
  TRY_ASSIGN(const ValueId start, n.input(0));
  n.set_result(n.add_constant(from_doubles(values, n.value(start).dtype, {length})));
  return {};
}

Status lower_size(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  n.set_result(n.add_constant(integer_tensor({*element_count(n.shape(x))}, {})));
  return {};
}

/// Ones on a diagonal of a matrix of the operand's shape.
Status lower_eye_like(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const Shape& shape = n.shape(x);
  if (shape.size() != 2) return n.broken("a matrix is wanted");
  const std::int64_t k = n.integer("k", 0);
  std::vector<double> values(static_cast<std::size_t>(shape[0] * shape[1]));
  for (std::int64_t row = 0; row < shape[0]; ++row)
    if (row + k >= 0 && row + k < shape[1]) values[static_cast<std::size_t>(row * shape[1] + row + k)] = 1;
  DType type = n.type_of(x);
  if (n.has_attribute("dtype")) {
    TRY_ASSIGN(type, dtype_of_onnx(static_cast<std::int32_t>(n.integer("dtype", 1)), "EyeLike"));
  }
  n.set_result(n.add_constant(from_doubles(values, held_as(type), shape)));
  return {};
}

/// Places of what is not zero, of a constant: the shape depends on the data.
Status lower_non_zero(NodeLowering& n) {
  TRY_ASSIGN(const ConstantTensor x, n.constant(0));
  const std::vector<double> values = as_doubles(*x);
  const std::vector<std::int64_t> strides = strides_of(x->shape());
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) found.push_back(static_cast<std::int64_t>(i));
  if (found.empty()) return n.refuse("an empty result");
  const auto count = static_cast<std::int64_t>(found.size()),
             rank = static_cast<std::int64_t>(strides.size());
  Tensor places(DType::kI64, {rank, count});
  for (std::int64_t d = 0; d < rank; ++d)
    for (std::int64_t i = 0; i < count; ++i)
      places.as<std::int64_t>()[d * count + i] = found[static_cast<std::size_t>(i)] /
                                                 strides[static_cast<std::size_t>(d)] %
                                                 x->shape()[static_cast<std::size_t>(d)];
  n.set_result(n.add_constant(std::move(places)));
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

}  // namespace chengying::compiler
