// Resize, one axis after the other: whole enlargements have an operator, nearest places are pieces, and what
// weighs neighbours (linear, cubic) is a product with the matrix of weights.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/real.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

/// How one axis is resized.
struct AxisResize {
  std::int64_t in = 1, out = 1;
  double length = 1;  // of the output before it was cut to whole places: what ONNX's formulas mean
  double scale = 1, roi_start = 0, roi_end = 1;
};

struct Rules {
  std::string place, nearest, mode;
  double cubic_a = -0.75, outside_value = 0;
  bool exclude_outside = false;
};

double place_of(const AxisResize& a, const std::string& rule, std::int64_t x) {
  const auto at = static_cast<double>(x), in = static_cast<double>(a.in), out = a.length;
  if (rule == "asymmetric") return at / a.scale;
  if (rule == "align_corners") return a.out == 1 ? 0 : at * (in - 1) / (out - 1);
  if (rule == "pytorch_half_pixel") return a.out > 1 ? (at + 0.5) / a.scale - 0.5 : 0;
  if (rule == "tf_half_pixel_for_nn") return (at + 0.5) / a.scale;
  if (rule == "half_pixel_symmetric") return in / 2 * (1 - out / (a.scale * in)) + (at + 0.5) / a.scale - 0.5;
  if (rule == "tf_crop_and_resize")
    return a.out > 1 ? a.roi_start * (in - 1) + at * (a.roi_end - a.roi_start) * (in - 1) / (out - 1)
                     : 0.5 * (a.roi_start + a.roi_end) * (in - 1);
  return (at + 0.5) / a.scale - 0.5;  // half_pixel
}

std::int64_t nearest_to(double place, const std::string& rule) {
  if (rule == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(place - 0.5));
  if (rule == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(place + 0.5));
  return static_cast<std::int64_t>(rule == "floor" ? std::floor(place) : std::ceil(place));
}

/// Weights of the neighbours floor(place) + first, ...
std::vector<double> weights_at(double fraction, const Rules& rules) {
  if (rules.mode == "linear") return {1 - fraction, fraction};
  const double a = rules.cubic_a;
  const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(1 + fraction), near(fraction), near(1 - fraction), far(2 - fraction)};
}

/// [out, in]: how much of each input place is in each output place.
Tensor weight_matrix(const AxisResize& a, const Rules& rules) {
  Tensor matrix(DType::kF32, {a.out, a.in});
  for (std::int64_t o = 0; o < a.out; ++o) {
    const double place = place_of(a, rules.place, o);
    const std::int64_t first =
        static_cast<std::int64_t>(std::floor(place)) - (rules.mode == "linear" ? 0 : 1);
    const std::vector<double> weights = weights_at(place - std::floor(place), rules);
    double inside = 0;
    std::vector<double> row(static_cast<std::size_t>(a.in));
    for (std::size_t w = 0; w < weights.size(); ++w) {
      const std::int64_t at = first + static_cast<std::int64_t>(w);
      if (rules.exclude_outside && (at < 0 || at >= a.in)) continue;
      row[static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, a.in - 1))] += weights[w];
      inside += weights[w];
    }
    for (std::int64_t i = 0; i < a.in; ++i)
      matrix.as<float>()[o * a.in + i] =
          static_cast<float>(row[static_cast<std::size_t>(i)] / (rules.exclude_outside ? inside : 1));
  }
  return matrix;
}

/// 1 where an output place lies outside of the input, along `axis` of a tensor of that rank.
Tensor outside_mask(const AxisResize& a, const Rules& rules, std::size_t rank, std::size_t axis) {
  Shape shape(rank, 1);
  shape[axis] = a.out;
  Tensor mask(DType::kF32, std::move(shape));
  for (std::int64_t o = 0; o < a.out; ++o) {
    const double place = place_of(a, rules.place, o);
    mask.as<float>()[o] = place < 0 || place > static_cast<double>(a.in - 1) ? 1 : 0;
  }
  return mask;
}

Result<ValueId> resize_axis(NodeLowering& n, ValueId x, std::size_t axis, const AxisResize& a,
                            const Rules& rules) {
  if (rules.mode == "nearest") {
    TRY(check_places(n, {a.out}));
    std::vector<std::int64_t> places;
    for (std::int64_t o = 0; o < a.out; ++o)
      places.push_back(
          std::clamp<std::int64_t>(nearest_to(place_of(a, rules.place, o), rules.nearest), 0, a.in - 1));
    return entries_along(n, x, static_cast<std::int32_t>(axis), places);
  }
  if (a.in * a.out > kElementsMax / 64) return n.refuse("an axis too long to be resized by weights");
  const auto rank = static_cast<std::int32_t>(n.shape(x).size());
  std::vector<std::int32_t> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[axis], order.back());  // its own inverse
  const Real moved = transpose({&n, n.to_real(x)}, order);
  return n.from_real(transpose(times_matrix(moved, weight_matrix(a, rules)), order).id, n.type_of(x));
}

/// Scales or sizes, for the axes that the node names.
Result<std::vector<AxisResize>> axes_of(NodeLowering& n, const Shape& shape, bool crops) {
  const bool upsample = n.node().op == "Upsample", early = upsample || n.opset() < 11;
  std::vector<std::int64_t> axes(shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = n.integers("axes", std::move(axes));
  std::vector<float> scales, roi;
  std::vector<std::int64_t> sizes;
  if (const auto* attribute = n.attribute("scales"); attribute != nullptr) {
    if (const auto* given = std::get_if<std::vector<float>>(attribute)) scales = *given;
  } else if (n.has(early ? 1 : 2)) {
    TRY_ASSIGN(scales, n.floats(early ? 1 : 2));
  }
  if (scales.empty() && n.has(3)) {
    TRY_ASSIGN(sizes, n.integers(3));
  }
  if (crops) {
    TRY_ASSIGN(roi, n.floats(1));
    if (roi.size() != 2 * axes.size() ||
        std::ranges::any_of(roi, [](float r) { return !(std::abs(r) <= 1e6F); }))
      return n.broken("a region that is not two numbers for each axis");
  }
  if (scales.size() != axes.size() && sizes.size() != axes.size())
    return n.broken("scales or sizes are not one for each dimension");
  std::vector<AxisResize> result;
  for (const std::int64_t size : shape)
    result.push_back({.in = size, .out = size, .length = static_cast<double>(size)});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(axes[i], shape.size()));
    AxisResize& a = result[axis];
    a.scale = scales.empty() ? static_cast<double>(sizes[i]) / static_cast<double>(a.in) : scales[i];
    a.length = scales.empty() ? static_cast<double>(sizes[i]) : static_cast<double>(a.in) * a.scale;
    const double out = std::floor(a.length);
    if (!(out >= 1 && out <= static_cast<double>(kDimensionMax)))
      return n.broken(fmt::format("dimension {} of {} would become {}", axis, a.in, out));
    a.out = static_cast<std::int64_t>(out);
    if (crops) std::tie(a.roi_start, a.roi_end) = std::pair<double, double>(roi[i], roi[i + axes.size()]);
  }
  return result;
}

/// Whole factors of height and width, by places that repeat each pixel.
std::optional<UpsampleNode> as_upsample(const std::vector<AxisResize>& axes, const Rules& rules) {
  const bool repeats = (rules.place == "asymmetric" && rules.nearest == "floor") ||
                       (rules.place == "half_pixel" && rules.nearest.starts_with("round_prefer"));
  if (rules.mode != "nearest" || !repeats || axes.size() != 4 || axes[0].scale != 1 || axes[1].scale != 1)
    return std::nullopt;
  const double h = axes[2].scale, w = axes[3].scale;
  if (!(h >= 1 && h <= 64 && w >= 1 && w <= 64) || h != std::floor(h) || w != std::floor(w))
    return std::nullopt;
  return UpsampleNode{static_cast<std::int32_t>(h), static_cast<std::int32_t>(w)};
}

}  // namespace

Status lower_resize(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, n.input(0));
  const bool early = n.node().op == "Upsample" || n.opset() < 11;
  Rules rules{.place = n.text("coordinate_transformation_mode", early ? "asymmetric" : "half_pixel"),
              .nearest = n.text("nearest_mode", early ? "floor" : "round_prefer_floor"),
              .mode = n.text("mode", "nearest"),
              .cubic_a = n.number("cubic_coeff_a", -0.75F),
              .outside_value = n.number("extrapolation_value", 0),
              .exclude_outside = n.integer("exclude_outside", 0) != 0};
  if (rules.mode == "bilinear") rules.mode = "linear";
  if (n.integer("antialias", 0) != 0 || n.text("keep_aspect_ratio_policy", "stretch") != "stretch")
    return n.refuse("antialias and keep_aspect_ratio_policy; resize without them");
  const bool crops = rules.place == "tf_crop_and_resize";
  TRY_ASSIGN(const std::vector<AxisResize> axes, axes_of(n, n.shape(x), crops));
  if (const std::optional<UpsampleNode> whole = as_upsample(axes, rules)) {
    Shape to = n.shape(x);
    to[2] *= whole->factor_h;
    to[3] *= whole->factor_w;
    n.set_result(to == n.shape(x) ? x : n.emit(*whole, {x}, std::move(to)));
    return {};
  }
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const bool same = axes[d].in == axes[d].out && axes[d].scale == 1 && !crops;
    if (same) continue;
    TRY_ASSIGN(x, resize_axis(n, x, d, axes[d], rules));
  }
  if (crops && n.value(x).dtype == DType::kF32) {
    Real y{&n, x};
    for (std::size_t d = 0; d < axes.size(); ++d) {
      const Real outside{&n, n.add_constant(outside_mask(axes[d], rules, axes.size(), d), "outside")};
      y = select(outside, constant_like(y, static_cast<float>(rules.outside_value)), y);
    }
    x = y.id;
  }
  n.set_result(x);
  return {};
}

}  // namespace chengying::compiler
