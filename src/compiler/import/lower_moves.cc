// Operators that move elements: shapes, orders, pieces.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kToEnd = std::int64_t{1} << 62;

/// Attribute before opset 13 (or 11), input after: a list of integers.
Result<std::vector<std::int64_t>> list_of(NodeLowering& n, std::size_t input, const std::string& attribute,
                                          std::vector<std::int64_t> otherwise) {
  if (n.has(input)) return n.integers(input);
  return n.integers(attribute, std::move(otherwise));
}

Status set_moved(NodeLowering& n, ValueId x, Shape to) {
  // An identity needs a value of its own only as a model output, which binding takes care of.
  n.set_result(n.reshape(x, std::move(to)));
  return {};
}

}  // namespace

ValueId make_slice(NodeLowering& n, ValueId x, std::int32_t axis, std::int64_t start, std::int64_t count,
                   std::int64_t step) {
  Shape to = n.shape(x);
  SliceNode slice{.starts = std::vector<std::int64_t>(to.size(), 0),
                  .steps = std::vector<std::int64_t>(to.size(), 1)};
  slice.starts[axis] = start;
  slice.steps[axis] = step;
  if (start == 0 && step == 1 && count == to[axis]) return x;
  to[axis] = count;
  return n.emit(std::move(slice), {x}, std::move(to));
}

Status lower_reshape(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(Shape to, list_of(n, 1, "shape", {}));
  const bool zero_is_zero = n.integer("allowzero", 0) != 0;
  const std::int64_t elements = *element_count(n.shape(x));
  std::int64_t known = 1, open = -1;
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (to[d] == 0 && !zero_is_zero) {
      if (d >= n.shape(x).size()) return n.broken("a 0 in the shape beyond the input's dimensions");
      to[d] = n.shape(x)[d];
    }
    if (to[d] < -1 || (to[d] == -1 && open >= 0))
      return n.broken("a shape with more than one open dimension");
    if (to[d] == -1)
      open = static_cast<std::int64_t>(d);
    else
      known *= to[d];
    if (known > elements && known > n.batch() * elements) break;
  }
  if (open >= 0 && known > 0 && elements % known == 0) to[static_cast<std::size_t>(open)] = elements / known;
  // A model exported for batch 1 has that 1 in its shapes.
  const bool fixed_batch = n.batch_overridden() && !to.empty() && to[0] == 1 && open != 0;
  if (fixed_batch && open < 0 && known * n.batch() == elements) to[0] = n.batch();
  if (fixed_batch && open > 0 && n.shape(x)[0] == n.batch()) {
    to[0] = n.batch();
    to[static_cast<std::size_t>(open)] /= n.batch();
  }
  const Result<std::int64_t> count = element_count(to);
  if (!count || *count != elements)
    return n.broken(fmt::format("{} can't be reshaped to {}", to_string(n.shape(x)), to_string(to)));
  return set_moved(n, x, std::move(to));
}

Status lower_flatten(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const Shape& shape = n.shape(x);
  std::int64_t axis = n.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis > rank) return n.broken(fmt::format("axis {} of {} dimensions", axis, rank));
  if (axis < 0) axis += rank;
  const Shape outer(shape.begin(), shape.begin() + axis), inner(shape.begin() + axis, shape.end());
  return set_moved(n, x, {*element_count(outer), *element_count(inner)});
}

Status lower_squeeze(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> axes, list_of(n, 1, "axes", {}));
  const Shape& shape = n.shape(x);
  std::vector<bool> drop(shape.size());
  if (axes.empty())
    for (std::size_t d = 0; d < shape.size(); ++d) drop[d] = shape[d] == 1;
  for (const std::int64_t a : axes) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(a, shape.size()));
    if (shape[axis] != 1) return n.broken(fmt::format("dimension {} of {} is not 1", axis, to_string(shape)));
    drop[axis] = true;
  }
  Shape to;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (!drop[d]) to.push_back(shape[d]);
  return set_moved(n, x, std::move(to));
}

Status lower_unsqueeze(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> axes, list_of(n, 1, "axes", {}));
  const std::size_t rank = n.shape(x).size() + axes.size();
  std::vector<bool> added(rank);
  for (const std::int64_t a : axes) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(a, rank));
    if (added[axis]) return n.broken("an axis twice");
    added[axis] = true;
  }
  Shape to;
  auto next = n.shape(x).begin();
  for (std::size_t d = 0; d < rank; ++d) to.push_back(added[d] ? 1 : *next++);
  return set_moved(n, x, std::move(to));
}

Status lower_transpose(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const std::size_t rank = n.shape(x).size();
  std::vector<std::int64_t> reversed(rank);
  for (std::size_t d = 0; d < rank; ++d) reversed[d] = static_cast<std::int64_t>(rank - 1 - d);
  const std::vector<std::int64_t> order = n.integers("perm", std::move(reversed));
  std::vector<bool> seen(rank);
  std::vector<std::int32_t> permutation;
  for (const std::int64_t d : order) {
    if (d < 0 || d >= static_cast<std::int64_t>(rank) || seen[d])
      return n.broken("perm is not a permutation");
    seen[d] = true;
    permutation.push_back(static_cast<std::int32_t>(d));
  }
  if (permutation.size() != rank) return n.broken("perm is not a permutation");
  n.set_result(n.transpose(x, std::move(permutation)));
  return {};
}

Status lower_identity(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  n.set_result(x);
  return {};
}

Status lower_dropout(NodeLowering& n) {
  if (n.has(2)) {
    TRY_ASSIGN(const ConstantTensor training, n.constant(2));
    if (training->elements() == 1 && training->bytes()[0] != std::byte{0})
      return n.refuse("training_mode: export the model for inference");
  }
  if (n.outputs() > 1 && !n.node().outputs[1].empty()) {  // the mask: nothing is dropped
    TRY_ASSIGN(const ValueId x, n.input(0));
    Tensor mask(DType::kBool, n.shape(x));
    std::ranges::fill(mask.as<std::uint8_t>(), std::uint8_t{1});
    n.set_result(n.add_constant(std::move(mask), "mask"), 1);
  }
  return lower_identity(n);
}

Status lower_concat(NodeLowering& n) {
  if (n.inputs() == 0) return n.broken("no inputs");
  std::vector<ValueId> parts;
  TRY_ASSIGN(const ValueId first, n.input(0));
  TRY_ASSIGN(const std::int32_t axis,
             n.axis_of(n.integer("axis", n.opset() < 4 ? 1 : 0), n.shape(first).size()));
  Shape to = n.shape(first);
  to[axis] = 0;
  for (std::size_t i = 0; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ValueId part, n.input(i));
    Shape rest = n.shape(part);
    if (rest.size() != to.size()) return n.broken("inputs of different ranks");
    to[axis] += rest[axis];
    rest[axis] = to[axis];
    if (rest != to) return n.broken("inputs whose other dimensions differ");
    if (n.value(part).dtype != n.value(first).dtype) return n.broken("inputs of different types");
    const bool empty = n.shape(part)[axis] == 0;
    if (!empty || n.inputs() == 1) parts.push_back(part);
  }
  for (const ValueId part : parts)
    if (n.value(part).quantisation != n.value(parts.front()).quantisation ||
        n.is_from_i8(part) != n.is_from_i8(parts[0]))
      return n.refuse("joins bytes of different scales; dequantise them before, or use QLinearConcat");
  if (parts.size() == 1) return lower_identity(n);
  n.set_result(n.emit(ConcatNode{axis}, std::move(parts), std::move(to)));
  return {};
}

Status lower_split(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), n.shape(x).size()));
  const std::int64_t size = n.shape(x)[axis];
  const auto pieces = static_cast<std::int64_t>(n.outputs());
  const std::int64_t each = (size + pieces - 1) / pieces;
  std::vector<std::int64_t> equal(static_cast<std::size_t>(pieces), each);
  equal.back() = size - each * (pieces - 1);
  TRY_ASSIGN(const std::vector<std::int64_t> sizes, list_of(n, 1, "split", equal));
  if (sizes.size() != n.outputs() || std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != size ||
      std::ranges::any_of(sizes, [](std::int64_t s) { return s < 1; }))
    return n.broken(fmt::format("{} outputs do not divide a dimension of {}", pieces, size));
  std::int64_t start = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const ValueId piece = make_slice(n, x, axis, start, sizes[i]);
    n.set_result(piece, i);
    start += sizes[i];
  }
  return {};
}

Status lower_slice(NodeLowering& n) {
  TRY_ASSIGN(ValueId y, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> starts, list_of(n, 1, "starts", {}));
  TRY_ASSIGN(const std::vector<std::int64_t> ends, list_of(n, 2, "ends", {}));
  std::vector<std::int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  TRY_ASSIGN(axes, list_of(n, 3, "axes", axes));
  TRY_ASSIGN(steps, list_of(n, 4, "steps", steps));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return n.broken("starts, ends, axes and steps have different lengths");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(axes[i], n.shape(y).size()));
    const std::int64_t size = n.shape(y)[axis];
    if (steps[i] == 0) return n.broken("a step of 0");
    const bool back = steps[i] < 0;  // from the end to the start: places -1 .. size - 1
    const auto resolve = [&](std::int64_t place) {
      const std::int64_t least = back ? -1 : 0, most = back ? size - 1 : size;
      return std::clamp<std::int64_t>(place < 0 ? std::max(place, -kToEnd) + size : place, least, most);
    };
    const std::int64_t start = resolve(starts[i]), end = resolve(ends[i]),
                       step = std::clamp(steps[i], -kToEnd, kToEnd);
    const std::int64_t count = back ? (start - end - step - 1) / -step : (end - start + step - 1) / step;
    if (count < 1) return n.refuse("an empty slice");
    y = make_slice(n, y, axis, start, count, count == 1 ? 1 : steps[i]);
  }
  n.set_result(y);
  return {};
}

Status lower_expand(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const Shape asked, n.integers(1));
  if (std::ranges::any_of(asked, [](std::int64_t size) { return size < 1; }))
    return n.broken(fmt::format("a shape of {}", to_string(asked)));
  const std::optional<Shape> to = broadcast_shape(n.shape(x), asked);
  if (!to) return n.broken(fmt::format("{} does not repeat to {}", to_string(n.shape(x)), to_string(asked)));
  if (*to == n.shape(x)) return lower_identity(n);
  ValueId y = n.with_rank(x, to->size());
  for (std::size_t d = 0; d < to->size(); ++d) {
    const std::int64_t times = (*to)[d];
    if (n.shape(y)[d] == times) continue;
    if (times > 4096) return n.refuse(fmt::format("{} repetitions of a dimension", times));
    Shape wider = n.shape(y);
    wider[d] = times;
    y = n.emit(ConcatNode{static_cast<std::int32_t>(d)},
               std::vector<ValueId>(static_cast<std::size_t>(times), y), std::move(wider));
  }
  n.set_result(y);
  return {};
}

}  // namespace chengying::compiler
