// Operators that choose elements by indices: constant ones become slices, computed ones are looked up.
#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/real.h"

namespace chengying::compiler {

namespace {

std::int64_t product(Shape::const_iterator from, Shape::const_iterator to) {
  return std::accumulate(from, to, std::int64_t{1}, std::multiplies{});
}

/// By numbers that are known when it runs: an embedding.
Status look_up(NodeLowering& n, ValueId x, ValueId indices, std::int32_t axis) {
  const DType type = n.type_of(indices);
  if (type != DType::kI32 && type != DType::kI64)
    return n.broken(fmt::format("indices are {}; i32 and i64 are defined", name_of(type)));
  const Shape from = n.shape(x), which = n.shape(indices);
  const std::int64_t outer = product(from.begin(), from.begin() + axis);
  const std::int64_t inner = product(from.begin() + axis + 1, from.end());
  const std::int64_t count = product(which.begin(), which.end());
  const ValueId rows = n.reshape(x, {outer, from[axis], inner});
  const ValueId y = n.emit(GatherNode{}, {rows, n.reshape(indices, {count})}, Shape{outer, count, inner});
  Shape to(from.begin(), from.begin() + axis);
  to.insert(to.end(), which.begin(), which.end());
  to.insert(to.end(), from.begin() + axis + 1, from.end());
  n.set_result(n.reshape(y, std::move(to)));
  return {};
}

}  // namespace

Status lower_gather(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const ValueId indices_id, n.input(1));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), n.shape(x).size()));
  if (n.known(indices_id) == nullptr) return look_up(n, x, indices_id, axis);
  TRY_ASSIGN(std::vector<std::int64_t> indices, n.integers(1));
  for (std::int64_t& index : indices) {
    TRY_ASSIGN(index, place_in(n, index, n.shape(x)[axis]));
  }
  TRY_ASSIGN(const ValueId y, entries_along(n, x, axis, indices));
  Shape to(n.shape(y).begin(), n.shape(y).begin() + axis);
  to.insert(to.end(), n.shape(indices_id).begin(), n.shape(indices_id).end());
  to.insert(to.end(), n.shape(y).begin() + axis + 1, n.shape(y).end());
  n.set_result(n.reshape(y, std::move(to)));
  return {};
}

/// y[i][j] = x[index[i][j]][j], for axis 0.
Status lower_gather_elements(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> indices, n.integers(1));
  TRY_ASSIGN(const ValueId indices_id, n.input(1));
  const Shape from = n.shape(x), to = n.shape(indices_id);
  if (from.size() != to.size()) return n.broken("indices of another rank");
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), from.size()));
  for (std::size_t d = 0; d < to.size(); ++d)
    if (static_cast<std::int32_t>(d) != axis && to[d] > from[d])
      return n.broken("more indices than elements");
  const std::vector<std::int64_t> strides = strides_of(from), out = strides_of(to);
  std::vector<Place> places(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    TRY_ASSIGN(places[i].at, place_in(n, indices[i], from[axis]));
    places[i].at *= strides[axis];
    for (std::size_t d = 0; d < to.size(); ++d)
      if (static_cast<std::int32_t>(d) != axis)
        places[i].at += static_cast<std::int64_t>(i) / out[d] % to[d] * strides[d];
  }
  TRY_ASSIGN(const ValueId y, elements_at(n, {x}, places, to));
  n.set_result(y);
  return {};
}

/// The last dimension of the indices names leading dimensions of x, behind `batch_dims` that both have.
Status lower_gather_nd(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> indices, n.integers(1));
  TRY_ASSIGN(const ValueId indices_id, n.input(1));
  const Shape from = n.shape(x), which = n.shape(indices_id);
  const auto batch = static_cast<std::size_t>(n.integer("batch_dims", 0));
  if (which.empty() || batch >= which.size() || batch + which.back() > from.size())
    return n.broken(fmt::format("indices {} into {}", to_string(which), to_string(from)));
  const auto depth = static_cast<std::size_t>(which.back());
  const std::vector<std::int64_t> strides = strides_of(from);
  const std::size_t last = batch + depth;
  const std::int64_t block = last == 0 ? *element_count(from) : strides[last - 1];
  const std::int64_t tuples = *element_count(Shape(which.begin(), which.end() - 1));
  Shape chosen(which.begin(), which.end() - 1);
  chosen.insert(chosen.end(), from.begin() + static_cast<long>(last), from.end());
  TRY(check_places(n, chosen));
  const std::int64_t batches = *element_count(Shape(from.begin(), from.begin() + static_cast<long>(batch)));
  std::vector<Place> places;
  for (std::int64_t t = 0; t < tuples; ++t) {
    std::int64_t at = batch == 0 ? 0 : t / (tuples / batches) * strides[batch - 1];
    for (std::size_t d = 0; d < depth; ++d) {
      TRY_ASSIGN(const std::int64_t place,
                 place_in(n, indices[static_cast<std::size_t>(t) * depth + d], from[batch + d]));
      at += place * strides[batch + d];
    }
    for (std::int64_t i = 0; i < block; ++i) places.push_back({0, at + i});
  }
  TRY_ASSIGN(const ValueId y, elements_at(n, {x}, places, std::move(chosen)));
  n.set_result(y);
  return {};
}

/// Entries where a constant condition holds.
Status lower_compress(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<float> condition, n.floats(1));
  const bool flat = !n.has_attribute("axis");
  if (flat) x = n.reshape(x, {*element_count(n.shape(x))});
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), n.shape(x).size()));
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < condition.size(); ++i)
    if (condition[i] != 0) kept.push_back(static_cast<std::int64_t>(i));
  if (!kept.empty() && kept.back() >= n.shape(x)[axis])
    return n.broken("a condition longer than the dimension");
  TRY_ASSIGN(const ValueId y, entries_along(n, x, axis, kept));
  n.set_result(y);
  return {};
}

/// The first lengths[b] entries of each sequence b backwards, the rest as they are.
Status lower_reverse_sequence(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> lengths, n.integers(1));
  const Shape shape = n.shape(x);
  TRY_ASSIGN(const std::int32_t time, n.axis_of(n.integer("time_axis", 0), shape.size()));
  TRY_ASSIGN(const std::int32_t batch, n.axis_of(n.integer("batch_axis", 1), shape.size()));
  if (time == batch || static_cast<std::int64_t>(lengths.size()) != shape[batch])
    return n.broken("lengths that are not one for each sequence");
  TRY(check_places(n, shape));
  const std::vector<std::int64_t> strides = strides_of(shape);
  std::vector<Place> places(static_cast<std::size_t>(*element_count(shape)));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t t = at / strides[time] % shape[time];
    const std::int64_t length = lengths[static_cast<std::size_t>(at / strides[batch] % shape[batch])];
    if (length > shape[time]) return n.broken("a sequence longer than its dimension");
    places[i].at = at + (t < length ? length - 1 - 2 * t : 0) * strides[time];
  }
  TRY_ASSIGN(const ValueId y, elements_at(n, {x}, places, shape));
  n.set_result(y);
  return {};
}

/// The upper or lower triangle of each matrix; zeros elsewhere.
Status lower_trilu(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const Shape shape = n.shape(x);
  if (shape.size() < 2) return n.broken("matrices are wanted");
  std::int64_t diagonal = 0;
  if (n.has(1)) {
    TRY_ASSIGN(const std::vector<std::int64_t> k, n.integers(1));
    if (k.size() != 1) return n.broken("one diagonal is wanted");
    diagonal = k[0];
  }
  TRY(check_places(n, shape));
  const bool upper = n.integer("upper", 1) != 0;
  const std::int64_t elements = *element_count(shape), columns = shape.back(), rows = shape[shape.size() - 2];
  std::vector<Place> places(static_cast<std::size_t>(elements));
  for (std::int64_t i = 0; i < elements; ++i) {
    const std::int64_t off = i % columns - i / columns % rows;  // above 0: right of the main diagonal
    const bool kept = upper ? off >= diagonal : off <= diagonal;
    places[static_cast<std::size_t>(i)] = {kept ? 0U : 1U, i};
  }
  TRY_ASSIGN(const ValueId y, elements_at(n, {x, zeros_like(n, x, elements)}, places, shape));
  n.set_result(y);
  return {};
}

/// on where the index is the place along the axis, off elsewhere; indices may be computed.
Status lower_one_hot(NodeLowering& n) {
  TRY_ASSIGN(const Real indices, real_operand(n, 0));
  TRY_ASSIGN(const float depth_given, n.scalar(1));
  TRY_ASSIGN(const std::vector<float> values, n.floats(2));
  TRY_ASSIGN(const ValueId values_id, n.input(2));
  if (values.size() != 2 || !(depth_given >= 1 && depth_given <= 1e9F))
    return n.broken("depth must be positive, values are off and on");
  const auto depth = static_cast<std::int64_t>(depth_given);
  TRY(check_places(n, {depth}));
  Shape wide = indices.shape(), places_shape(wide.size() + 1, 1);
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", -1), places_shape.size()));
  wide.insert(wide.begin() + axis, 1);
  places_shape[axis] = depth;
  Tensor numbers(DType::kF32, places_shape);
  for (std::int64_t i = 0; i < depth; ++i) numbers.as<float>()[i] = static_cast<float>(i);
  const Real index = reshape(indices, wide), places{&n, n.add_constant(std::move(numbers), "places")};
  const Real wrapped = index + static_cast<float>(depth) * positive(-index);  // from the end if negative
  const Real hot = 1.0F - positive(abs(wrapped - places));
  n.set_result(n.from_real((hot * (values[1] - values[0]) + values[0]).id, n.type_of(values_id)));
  return {};
}

}  // namespace chengying::compiler
