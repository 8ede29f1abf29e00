// Operators that put elements at constant indices: places of the result that are overwritten, or, where a
// reduction is asked for, layers that are added or multiplied one after the other.
#include <algorithm>

#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

struct Combination {
  std::string_view name;
  float neutral;
  Real (*combine)(const Real& a, const Real& b);
};
constexpr Combination kCombinations[] = {
    {"add", 0, [](const Real& a, const Real& b) { return a + b; }},
    {"mul", 1, [](const Real& a, const Real& b) { return a * b; }},
    {"max", -isa::kInfinity, [](const Real& a, const Real& b) { return max(a, b); }},
    {"min", isa::kInfinity, [](const Real& a, const Real& b) { return min(a, b); }},
};

/// updates[i] goes to targets[i] of x, flattened.
Status scatter(NodeLowering& n, ValueId x, ValueId updates, const std::vector<std::int64_t>& targets) {
  const Shape shape = n.shape(x);
  TRY(check_places(n, shape));
  const std::int64_t elements = *element_count(shape);
  std::vector<Place> places(static_cast<std::size_t>(elements));
  const std::string reduction = n.text("reduction", "none");
  if (reduction == "none") {
    if (n.value(x).dtype != n.value(updates).dtype || n.is_from_i8(x) != n.is_from_i8(updates))
      return n.refuse("updates of another type than the tensor");
    for (std::int64_t i = 0; i < elements; ++i) places[static_cast<std::size_t>(i)] = {0, i};
    for (std::size_t i = 0; i < targets.size(); ++i)
      places[static_cast<std::size_t>(targets[i])] = {1, static_cast<std::int64_t>(i)};
    TRY_ASSIGN(const ValueId y, elements_at(n, {x, updates}, places, shape));
    n.set_result(y);
    return {};
  }
  const auto* combination = std::ranges::find(kCombinations, reduction, &Combination::name);
  if (combination == std::end(kCombinations)) return n.broken(fmt::format("a reduction '{}'", reduction));
  Real y{&n, n.to_real(x)};
  const Real added{&n, n.to_real(updates)};
  Tensor neutral(DType::kF32, {elements});
  std::ranges::fill(neutral.as<float>(), combination->neutral);
  const ValueId rest = n.add_constant(std::move(neutral), "neutral");
  std::vector<bool> done(targets.size());
  while (std::ranges::find(done, false) != done.end()) {  // a layer has each target once
    for (std::int64_t i = 0; i < elements; ++i) places[static_cast<std::size_t>(i)] = {1, i};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      Place& place = places[static_cast<std::size_t>(targets[i])];
      if (done[i] || place.source == 0) continue;
      place = {0, static_cast<std::int64_t>(i)};
      done[i] = true;
    }
    TRY_ASSIGN(const ValueId layer, elements_at(n, {added.id, rest}, places, shape));
    y = combination->combine(y, {&n, layer});
  }
  n.set_result(n.from_real(y.id, n.type_of(x)));
  return {};
}

}  // namespace

Status lower_scatter_elements(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> indices, n.integers(1));
  TRY_ASSIGN(const ValueId indices_id, n.input(1));
  TRY_ASSIGN(const ValueId updates, n.input(2));
  const Shape shape = n.shape(x), which = n.shape(indices_id);
  if (which.size() != shape.size() || n.shape(updates) != which)
    return n.broken("indices and updates of different shapes");
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", 0), shape.size()));
  const std::vector<std::int64_t> strides = strides_of(shape), from = strides_of(which);
  std::vector<std::int64_t> targets(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const bool is_axis = static_cast<std::int32_t>(d) == axis;
      const std::int64_t index = is_axis ? indices[i] : static_cast<std::int64_t>(i) / from[d] % which[d];
      TRY_ASSIGN(const std::int64_t place, place_in(n, index, shape[d]));
      targets[i] += place * strides[d];
    }
  }
  return scatter(n, x, updates, targets);
}

Status lower_scatter_nd(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> indices, n.integers(1));
  TRY_ASSIGN(const ValueId indices_id, n.input(1));
  TRY_ASSIGN(const ValueId updates, n.input(2));
  const Shape shape = n.shape(x), which = n.shape(indices_id);
  if (which.empty() || which.back() < 1 || which.back() > static_cast<std::int64_t>(shape.size()))
    return n.broken(fmt::format("indices {} into {}", to_string(which), to_string(shape)));
  const std::vector<std::int64_t> strides = strides_of(shape);
  const auto depth = static_cast<std::size_t>(which.back());
  const std::int64_t block = strides[depth - 1];
  TRY(check_places(n, n.shape(updates)));
  if (*element_count(n.shape(updates)) != static_cast<std::int64_t>(indices.size() / depth) * block)
    return n.broken("updates of another size than the indices name");
  std::vector<std::int64_t> targets;
  for (std::size_t t = 0; t < indices.size() / depth; ++t) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < depth; ++d) {
      TRY_ASSIGN(const std::int64_t place, place_in(n, indices[t * depth + d], shape[d]));
      at += place * strides[d];
    }
    for (std::int64_t i = 0; i < block; ++i) targets.push_back(at + i);
  }
  return scatter(n, x, updates, targets);
}

/// The inverse of MaxPool: the largest go back to where they were, zeros elsewhere.
Status lower_max_unpool(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> indices, n.integers(1));
  const Shape& shape = n.shape(x);
  const std::vector<std::int64_t> kernel = n.integers("kernel_shape", {});
  const std::vector<std::int64_t> strides =
      n.integers("strides", std::vector<std::int64_t>(kernel.size(), 1));
  const std::vector<std::int64_t> pads = n.integers("pads", std::vector<std::int64_t>(2 * kernel.size(), 0));
  const std::size_t rank = kernel.size();
  if (shape.size() != rank + 2 || strides.size() != rank || pads.size() != 2 * rank)
    return n.broken("kernel, strides or pads do not have the input's rank");
  Shape own = shape;
  for (std::size_t d = 0; d < rank; ++d)
    own[d + 2] = (shape[d + 2] - 1) * strides[d] - pads[d] - pads[d + rank] + kernel[d];
  Shape to = own;
  if (n.has(2)) {
    TRY_ASSIGN(to, n.integers(2));
  }
  const Result<std::int64_t> elements = element_count(to);
  if (to.size() != own.size() || !elements || std::ranges::any_of(own, [](std::int64_t s) { return s < 1; }))
    return n.broken("the output's shape");
  TRY(check_places(n, to));
  const std::vector<std::int64_t> out = strides_of(to), inner = strides_of(own);
  std::vector<Place> places(static_cast<std::size_t>(*elements));
  for (std::int64_t i = 0; i < *elements; ++i) places[static_cast<std::size_t>(i)] = {1, i};
  for (std::size_t i = 0; i < indices.size(); ++i) {  // an index counts in the shape that the pooling had
    std::int64_t at = 0;
    for (std::size_t d = 0; d < own.size(); ++d) at += indices[i] / inner[d] % own[d] * out[d];
    if (indices[i] < 0 || at >= *elements) return n.broken(fmt::format("index {} outside", indices[i]));
    places[static_cast<std::size_t>(at)] = {0, static_cast<std::int64_t>(i)};
  }
  TRY_ASSIGN(const ValueId y, elements_at(n, {x, zeros_like(n, x, *elements)}, places, std::move(to)));
  n.set_result(y);
  return {};
}

}  // namespace chengying::compiler
