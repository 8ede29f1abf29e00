// Running sums: by doubling, each step adds what lies 1, 2, 4, ... places before.
#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

/// Moved `by` places up (or down) along an axis; zeros move in.
Real shifted(const Real& x, std::int32_t axis, std::int64_t by, bool down) {
  const std::int64_t size = x.shape()[static_cast<std::size_t>(axis)];
  if (by >= size) return constant_like(x, 0) * x;
  const ValueId kept = make_slice(*x.n, x.id, axis, down ? by : 0, size - by);
  PadNode pad{.before = std::vector<std::int64_t>(x.shape().size(), 0), .value = 0};
  if (!down) pad.before[static_cast<std::size_t>(axis)] = by;
  return {x.n, x.n->emit(std::move(pad), {kept}, Shape(x.shape()))};
}

}  // namespace

Status lower_cumsum(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> given, n.integers(1));
  if (given.size() != 1) return n.broken("one axis is wanted");
  Real y{&n, n.to_real(from)};
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(given[0], y.shape().size()));
  const bool reverse = n.integer("reverse", 0) != 0;
  const std::int64_t size = y.shape()[static_cast<std::size_t>(axis)];
  if (n.integer("exclusive", 0) != 0) y = shifted(y, axis, 1, reverse);
  for (std::int64_t by = 1; by < size; by *= 2) y = y + shifted(y, axis, by, reverse);
  n.set_result(n.from_real(y.id, n.type_of(from)));
  return {};
}

}  // namespace chengying::compiler
