// Comparisons, truth, and choices by them. On constants the comparison is exact in 64 bits, as shapes want
// it.
#include <algorithm>

#include "compiler/graph/moves.h"
#include "compiler/import/numbers.h"
#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

Status check_shapes(NodeLowering& n, const Real& a, const Real& b) {
  if (broadcast_shape(a.shape(), b.shape())) return {};
  return n.broken(fmt::format("shapes {} and {} do not repeat to one another", to_string(a.shape()),
                              to_string(b.shape())));
}

Status set_truth(NodeLowering& n, const Real& truth) {
  n.set_result(n.from_real(truth.id, DType::kBool));
  return {};
}

struct Pair {
  Real a, b;
};

Result<Pair> pair_of(NodeLowering& n) {
  TRY_ASSIGN(const Real a, real_operand(n, 0));
  TRY_ASSIGN(const Real b, real_operand(n, 1));
  TRY(check_shapes(n, a, b));
  return Pair{a, b};
}

struct Row {
  std::string_view op;
  Real (*real)(const Real& a, const Real& b);
  bool (*whole)(std::int64_t a, std::int64_t b);
};

constexpr Row kComparisons[] = {
    {"Equal", equal, [](std::int64_t a, std::int64_t b) { return a == b; }},
    {"Greater", greater, [](std::int64_t a, std::int64_t b) { return a > b; }},
    {"Less", [](const Real& a, const Real& b) { return greater(b, a); },
     [](std::int64_t a, std::int64_t b) { return a < b; }},
    {"GreaterOrEqual", [](const Real& a, const Real& b) { return max(greater(a, b), equal(a, b)); },
     [](std::int64_t a, std::int64_t b) { return a >= b; }},
    {"LessOrEqual", [](const Real& a, const Real& b) { return max(greater(b, a), equal(a, b)); },
     [](std::int64_t a, std::int64_t b) { return a <= b; }},
    {"And", [](const Real& a, const Real& b) { return a * b; },
     [](std::int64_t a, std::int64_t b) { return a != 0 && b != 0; }},
    {"Or", [](const Real& a, const Real& b) { return max(a, b); },
     [](std::int64_t a, std::int64_t b) { return a != 0 || b != 0; }},
    {"Xor", [](const Real& a, const Real& b) { return abs(a - b); },
     [](std::int64_t a, std::int64_t b) { return (a != 0) != (b != 0); }},
};

bool known_integers(NodeLowering& n, std::size_t i) {
  const Result<ValueId> id = n.input(i);
  return id && n.value(*id).constant != nullptr && n.value(*id).dtype != DType::kF32;
}

/// A constant's elements as i64, repeated to `shape`.
Tensor widened(const Tensor& t, const Shape& shape) {
  Shape wide = t.shape();
  wide.insert(wide.begin(), shape.size() - wide.size(), 1);
  return broadcasted(from_doubles(as_doubles(t), DType::kI64, wide), shape);
}

Status fold_comparison(NodeLowering& n, const Row& row) {
  TRY_ASSIGN(const ConstantTensor a, n.constant(0));
  TRY_ASSIGN(const ConstantTensor b, n.constant(1));
  const std::optional<Shape> shape = broadcast_shape(a->shape(), b->shape());
  if (!shape)
    return n.broken(fmt::format("shapes {} and {} do not repeat to one another", to_string(a->shape()),
                                to_string(b->shape())));
  const Tensor left = widened(*a, *shape), right = widened(*b, *shape);
  Tensor truth(DType::kBool, *shape);
  for (std::int64_t i = 0; i < truth.elements(); ++i)
    truth.as<std::uint8_t>()[i] = row.whole(left.as<std::int64_t>()[i], right.as<std::int64_t>()[i]) ? 1 : 0;
  n.set_result(n.add_constant(std::move(truth)));
  return {};
}

/// Of constants, in their own type.
Status fold_where(NodeLowering& n) {
  TRY_ASSIGN(const ConstantTensor condition, n.constant(0));
  TRY_ASSIGN(const ConstantTensor yes, n.constant(1));
  TRY_ASSIGN(const ConstantTensor no, n.constant(2));
  std::optional<Shape> shape = broadcast_shape(yes->shape(), no->shape());
  if (shape) shape = broadcast_shape(*shape, condition->shape());
  if (!shape || yes->dtype() != no->dtype()) return n.broken("shapes or types that do not fit together");
  const auto wide = [&](const Tensor& t, DType dtype) {
    Shape with_rank = t.shape();
    with_rank.insert(with_rank.begin(), shape->size() - with_rank.size(), 1);
    return as_doubles(broadcasted(from_doubles(as_doubles(t), dtype, with_rank), *shape));
  };
  const std::vector<double> chosen = wide(*condition, DType::kBool), taken = wide(*yes, yes->dtype());
  std::vector<double> result = wide(*no, no->dtype());
  for (std::size_t i = 0; i < result.size(); ++i)
    if (chosen[i] != 0) result[i] = taken[i];
  n.set_result(n.add_constant(from_doubles(result, yes->dtype(), *shape)));
  return {};
}

}  // namespace

Status lower_comparison(NodeLowering& n) {
  const Row& row = *std::ranges::find(kComparisons, n.node().op, &Row::op);
  if (n.opset() < 7 && n.integer("broadcast", 0) != 0)
    return n.refuse("shapes that repeat along an axis (operators before version 7)");
  if (known_integers(n, 0) && known_integers(n, 1)) return fold_comparison(n, row);
  TRY_ASSIGN(const Pair pair, pair_of(n));
  return set_truth(n, row.real(pair.a, pair.b));
}

Status lower_not(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  return set_truth(n, 1.0F - x);
}

Status lower_where(NodeLowering& n) {
  TRY_ASSIGN(const ValueId condition, n.input(0));
  TRY_ASSIGN(const ValueId yes, n.input(1));
  TRY_ASSIGN(const ValueId no, n.input(2));
  if (n.known(condition) != nullptr && n.known(yes) != nullptr && n.known(no) != nullptr)
    return fold_where(n);
  if (n.type_of(yes) != n.type_of(no)) return n.broken("its choices have two types");
  const Real chosen{&n, n.to_real(condition)}, a{&n, n.to_real(yes)}, b{&n, n.to_real(no)};
  TRY(check_shapes(n, a, b));
  const std::optional<Shape> shape = broadcast_shape(a.shape(), b.shape());
  if (!broadcast_shape(*shape, chosen.shape()))
    return n.broken("a condition of another shape than its choices");
  n.set_result(n.from_real(select(chosen, a, b).id, n.type_of(yes)));
  return {};
}

Status lower_is_nan(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  return set_truth(n, is_nan(x));
}

Status lower_is_inf(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const bool above = n.integer("detect_positive", 1) != 0, below = n.integer("detect_negative", 1) != 0;
  const Real most = constant_like(x, std::numeric_limits<float>::max());
  Real found = constant_like(x, 0) * positive(x);
  if (above) found = found + greater(x, most);
  if (below) found = found + greater(-x, most);
  return set_truth(n, found);
}

}  // namespace chengying::compiler
