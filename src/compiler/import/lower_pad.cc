// Padding in every mode, and repetition.
#include <algorithm>

#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

/// Two amounts for each dimension, befores first, wherever this version of the operator has them.
Result<std::vector<std::int64_t>> pads_of(NodeLowering& n, std::size_t rank) {
  std::vector<std::int64_t> pads = n.integers(n.has_attribute("paddings") ? "paddings" : "pads", {});
  if (n.has(1)) {
    TRY_ASSIGN(pads, n.integers(1));
  }
  if (n.has(3)) {
    TRY_ASSIGN(const std::vector<std::int64_t> axes, n.integers(3));
    if (pads.size() != 2 * axes.size()) return n.broken("pads are not two for each axis");
    std::vector<std::int64_t> all(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      TRY_ASSIGN(const std::int32_t axis, n.axis_of(axes[i], rank));
      all[axis] = pads[i];
      all[axis + rank] = pads[i + axes.size()];
    }
    pads = std::move(all);
  }
  if (pads.size() != 2 * rank) return n.broken("pads are not two for each dimension");
  return pads;
}

/// The place in 0..size-1 that a place outside shows.
std::int64_t shown(const std::string& mode, std::int64_t place, std::int64_t size) {
  if (mode == "edge" || size == 1) return std::clamp<std::int64_t>(place, 0, size - 1);
  if (mode == "wrap") return (place % size + size) % size;
  const std::int64_t period = 2 * (size - 1), at = (place % period + period) % period;
  return at < size ? at : period - at;
}

Status pad_by_places(NodeLowering& n, ValueId x, const std::vector<std::int64_t>& pads,
                     const std::string& mode) {
  const std::size_t rank = n.shape(x).size();
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t size = n.shape(x)[d];
    if (pads[d] == 0 && pads[d + rank] == 0) continue;
    TRY(check_places(n, {size + pads[d] + pads[d + rank]}));
    std::vector<std::int64_t> places;
    for (std::int64_t at = -pads[d]; at < size + pads[d + rank]; ++at)
      places.push_back(shown(mode, at, size));
    TRY_ASSIGN(x, entries_along(n, x, static_cast<std::int32_t>(d), places));
  }
  n.set_result(x);
  return {};
}

/// What negative amounts cut off; they become 0.
ValueId cut(NodeLowering& n, ValueId x, std::vector<std::int64_t>& pads) {
  const std::size_t rank = n.shape(x).size();
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t before = std::min<std::int64_t>(pads[d], 0),
                       after = std::min<std::int64_t>(pads[d + rank], 0);
    if (n.shape(x)[d] + before + after < 1) continue;  // refused by the caller
    x = make_slice(n, x, static_cast<std::int32_t>(d), -before, n.shape(x)[d] + before + after);
    pads[d] -= before;
    pads[d + rank] -= after;
  }
  return x;
}

}  // namespace

Status lower_pad(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, n.input(0));
  const std::size_t rank = n.shape(x).size();
  TRY_ASSIGN(std::vector<std::int64_t> pads, pads_of(n, rank));
  if (std::ranges::any_of(pads, [](std::int64_t p) { return p < -kDimensionMax || p > kDimensionMax; }))
    return n.broken("an amount beyond any dimension");
  x = cut(n, x, pads);
  if (std::ranges::any_of(pads, [](std::int64_t p) { return p < 0; }))
    return n.refuse("negative padding that leaves nothing");
  const std::string mode = n.text("mode", "constant");
  if (mode == "reflect" || mode == "edge" || mode == "wrap") return pad_by_places(n, x, pads, mode);
  if (mode != "constant") return n.broken(fmt::format("a mode '{}'", mode));
  float fill = n.number("value", 0);
  if (n.has(2)) {
    TRY_ASSIGN(fill, n.scalar(2));
  }
  PadNode pad{.before = {pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank)}, .value = fill};
  Shape to = n.shape(x);
  for (std::size_t d = 0; d < rank; ++d) to[d] += pads[d] + pads[d + rank];
  if (to == n.shape(x)) {
    n.set_result(x);
    return {};
  }
  const DType type = n.type_of(x);
  const bool own_type =
      type == DType::kF32 || (fill == 0 && size_of(type) > 1) || (fill == 0 && type == DType::kBool);
  const ValueId y = n.emit(std::move(pad), {own_type ? x : n.to_real(x)}, std::move(to));
  n.set_result(own_type ? y : n.from_real(y, type));
  return {};
}

/// The whole tensor again and again along each dimension.
Status lower_tile(NodeLowering& n) {
  TRY_ASSIGN(ValueId y, n.input(0));
  TRY_ASSIGN(const std::vector<std::int64_t> repeats, n.integers(1));
  if (repeats.size() != n.shape(y).size()) return n.broken("repeats are not one for each dimension");
  for (std::size_t d = 0; d < repeats.size(); ++d) {
    if (repeats[d] == 1) continue;
    if (repeats[d] < 1 || repeats[d] > 4096)
      return n.refuse(fmt::format("{} repetitions of a dimension; 1 to 4096 are supported", repeats[d]));
    Shape wider = n.shape(y);
    wider[d] *= repeats[d];
    y = n.emit(ConcatNode{static_cast<std::int32_t>(d)},
               std::vector<ValueId>(static_cast<std::size_t>(repeats[d]), y), std::move(wider));
  }
  n.set_result(y);
  return {};
}

}  // namespace chengying::compiler
