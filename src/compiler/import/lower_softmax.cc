// Softmax and its kin: along one axis, or before version 13 over all from that axis on.
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

Status check_axis(NodeLowering& n, std::int64_t size) {
  if (size <= 1 << 24) return {};  // places are exact in f32
  return n.refuse(fmt::format("the places of {} elements; the limit is {}", size, 1 << 24));
}

/// 0, 1, 2, ... along one axis.
Real counting(NodeLowering& n, const Shape& shape, std::int32_t axis) {
  Shape wide(shape.size(), 1);
  wide[static_cast<std::size_t>(axis)] = shape[static_cast<std::size_t>(axis)];
  Tensor numbers(DType::kF32, std::move(wide));
  std::iota(numbers.as<float>().begin(), numbers.as<float>().end(), 0.0F);
  return {&n, n.add_constant(std::move(numbers), "places")};
}

/// The place of the largest (or the smallest: of -x) along an axis, the first or the last of equals.
Real place_of_most(const Real& x, std::int32_t axis, bool last) {
  const Real most = reduce(isa::ReduceKind::kMax, x, {axis});
  const Real off = greater(most, x) * static_cast<float>(x.shape()[static_cast<std::size_t>(axis)]);
  const Real place = counting(*x.n, x.shape(), axis);
  return last ? reduce(isa::ReduceKind::kMax, place - off, {axis})
              : reduce(isa::ReduceKind::kMin, place + off, {axis});
}

}  // namespace

Status lower_arg(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), x.shape().size()));
  TRY(check_axis(n, x.shape()[axis]));
  const bool last = n.integer("select_last_index", 0) != 0;
  const Real place = place_of_most(n.node().op == "ArgMin" ? -x : x, axis, last);
  Shape to = place.shape();
  if (n.integer("keepdims", 1) == 0) to.erase(to.begin() + axis);
  n.set_result(n.from_real(n.reshape(place.id, std::move(to)), DType::kI64));
  return {};
}

/// 1 at the first of the largest, 0 elsewhere.
Status lower_hardmax(NodeLowering& n) {
  TRY_ASSIGN(Real x, real_operand(n, 0));
  const Shape shape = x.shape();
  TRY_ASSIGN(std::int32_t axis, n.axis_of(n.integer("axis", n.opset() < 13 ? 1 : -1), shape.size()));
  if (n.opset() < 13) {
    const Shape outer(shape.begin(), shape.begin() + axis), inner(shape.begin() + axis, shape.end());
    x = reshape(x, {*element_count(outer), *element_count(inner)});
    axis = 1;
  }
  TRY(check_axis(n, x.shape()[axis]));
  const Real distance = abs(counting(n, x.shape(), axis) - place_of_most(x, axis, false));
  n.set_result(n.reshape((1.0F - positive(distance)).id, shape));
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
