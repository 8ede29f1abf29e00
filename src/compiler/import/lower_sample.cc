// Sampling of images at constant places: each output place is a weighted sum of pixels, so the whole is a
// product with a matrix of weights, one for each image.
#include <algorithm>
#include <cmath>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

/// Weights [places, h * w] of the pixels of one image.
class Weights {
 public:
  Weights(std::int64_t places, std::int64_t h, std::int64_t w)
      : h_(h), w_(w), matrix_(DType::kF32, {places, h * w}) {}

  /// Nothing where the pixel lies outside.
  void add(std::int64_t place, std::int64_t row, std::int64_t column, double weight) {
    if (row < 0 || row >= h_ || column < 0 || column >= w_) return;
    matrix_.as<float>()[(place * h_ + row) * w_ + column] += static_cast<float>(weight);
  }
  Tensor take() { return std::move(matrix_); }

 private:
  std::int64_t h_, w_;
  Tensor matrix_;
};

struct Side {
  std::int64_t size = 1;
  bool align_corners = false;
  std::string padding;
  double low() const { return align_corners ? 0 : -0.5; }
  double high() const {
    return align_corners ? static_cast<double>(size - 1) : static_cast<double>(size) - 0.5;
  }

  double reflected(double at) const {
    const double range = high() - low();
    if (range <= 0) return 0;
    const double off = at < low() ? low() - at : at - high();
    if (off <= 0) return at;
    const auto turns = static_cast<std::int64_t>(off / range);
    const double rest = off - static_cast<double>(turns) * range;
    const bool from_low = (at < low()) == (turns % 2 == 0);
    return from_low ? low() + rest : high() - rest;
  }
  double place(double normal) const {
    const auto n = static_cast<double>(size);
    return align_corners ? (normal + 1) / 2 * (n - 1) : ((normal + 1) * n - 1) / 2;
  }
  double inside(double at) const {
    if (at >= low() && at <= high()) return at;
    if (padding == "border") return std::clamp(at, 0.0, static_cast<double>(size - 1));
    return padding == "reflection" ? reflected(at) : at;
  }
  /// The pixel that a pixel outside shows; -1: none.
  std::int64_t pixel(std::int64_t at) const {
    if (at >= 0 && at < size) return at;
    if (padding == "border") return std::clamp<std::int64_t>(at, 0, size - 1);
    if (padding != "reflection") return -1;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(reflected(static_cast<double>(at))), 0,
                                    size - 1);
  }
};

struct Tap {
  std::int64_t pixel;
  double weight;
};

std::vector<Tap> taps_at(const Side& side, double at, const std::string& mode) {
  if (mode == "nearest") return {{side.pixel(static_cast<std::int64_t>(std::nearbyint(at))), 1}};
  const double fraction = at - std::floor(at);
  const auto first = static_cast<std::int64_t>(std::floor(at));
  if (mode == "bilinear" || mode == "linear")
    return {{side.pixel(first), 1 - fraction}, {side.pixel(first + 1), fraction}};
  constexpr double a = -0.75;
  const auto near = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {{side.pixel(first - 1), far(1 + fraction)},
          {side.pixel(first), near(fraction)},
          {side.pixel(first + 1), near(1 - fraction)},
          {side.pixel(first + 2), far(2 - fraction)}};
}

/// Image `index` of x [n, c, h, w] by the weights: [1, c, places].
ValueId sampled(NodeLowering& n, ValueId x, std::int64_t index, Tensor weights) {
  const Shape s = n.shape(x);  // a copy: values move
  const ValueId image = n.reshape(make_slice(n, x, 0, index, 1), {1, s[1], s[2] * s[3]});
  return times_matrix({&n, image}, std::move(weights)).id;
}

ValueId joined(NodeLowering& n, std::vector<ValueId> parts) {
  if (parts.size() == 1) return parts[0];
  Shape to = n.shape(parts[0]);
  to[0] = static_cast<std::int64_t>(parts.size());
  return n.emit(ConcatNode{0}, std::move(parts), std::move(to));
}

}  // namespace

Status lower_grid_sample(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::vector<float> grid, n.floats(1));
  TRY_ASSIGN(const ValueId grid_id, n.input(1));
  const Shape s = x.shape(), g = n.shape(grid_id);
  if (s.size() != 4 || g.size() != 4 || g[0] != s[0] || g[3] != 2)
    return n.refuse(fmt::format("a grid {} over {}; images [n,c,h,w] and grids [n,h,w,2] are supported",
                                to_string(g), to_string(s)));
  if (std::ranges::any_of(grid, [](float at) { return !(std::abs(at) <= 1e6F); }))
    return n.broken("a place of the grid that is no number, or far outside");
  const std::int64_t places = g[1] * g[2];
  if (places * s[2] * s[3] > kElementsMax / 64) return n.refuse("a grid too large for a matrix of weights");
  std::string mode = n.text("mode", "bilinear");
  if (mode == "cubic") mode = "bicubic";
  const bool align = n.integer("align_corners", 0) != 0;
  const std::string padding = n.text("padding_mode", "zeros");
  const Side rows{s[2], align, padding}, columns{s[3], align, padding};
  std::vector<ValueId> images;
  for (std::int64_t i = 0; i < s[0]; ++i) {
    Weights weights(places, s[2], s[3]);
    for (std::int64_t p = 0; p < places; ++p) {
      const float* at = &grid[static_cast<std::size_t>((i * places + p) * 2)];
      const auto place = [&](const Side& side, float normal) {
        const double on_grid = side.place(normal);
        return side.inside(mode == "nearest" ? std::nearbyint(on_grid) : on_grid);
      };
      for (const Tap& row : taps_at(rows, place(rows, at[1]), mode))
        for (const Tap& column : taps_at(columns, place(columns, at[0]), mode))
          weights.add(p, row.pixel, column.pixel, row.weight * column.weight);
    }
    images.push_back(sampled(n, x.id, i, weights.take()));
  }
  n.set_result(n.reshape(joined(n, std::move(images)), {s[0], s[1], g[1], g[2]}));
  return {};
}

/// The mean of bilinear samples in each cell of a region.
Status lower_roi_align(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::vector<float> regions, n.floats(1));
  TRY_ASSIGN(const std::vector<std::int64_t> images, n.integers(2));
  const Shape s = x.shape();
  const std::int64_t h = n.integer("output_height", 1), w = n.integer("output_width", 1);
  if (s.size() != 4 || regions.size() != 4 * images.size() || h < 1 || w < 1 || h > 4096 || w > 4096 ||
      std::ranges::any_of(regions, [](float at) { return !(std::abs(at) <= 1e6F); }))
    return n.broken("the regions");
  if (n.text("mode", "avg") != "avg") return n.refuse("the mode 'max'; the mean is supported");
  if (h * w * s[2] * s[3] > kElementsMax / 64) return n.refuse("a region too large for a matrix of weights");
  const bool half = n.text("coordinate_transformation_mode",
                           n.opset() < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel";
  const double scale = n.number("spatial_scale", 1), off = half ? 0.5 : 0;
  const std::int64_t ratio = n.integer("sampling_ratio", 0);
  std::vector<ValueId> parts;
  for (std::size_t r = 0; r < images.size(); ++r) {
    if (images[r] < 0 || images[r] >= s[0]) return n.broken(fmt::format("image {} of {}", images[r], s[0]));
    const float* region = &regions[4 * r];
    const double left = region[0] * scale - off, top = region[1] * scale - off;
    double wide = region[2] * scale - off - left, high = region[3] * scale - off - top;
    if (!half) {
      wide = std::max(wide, 1.0);
      high = std::max(high, 1.0);
    }
    const double cell_h = high / static_cast<double>(h), cell_w = wide / static_cast<double>(w);
    const auto samples = [&](double cell) {
      return ratio > 0 ? ratio : std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(cell)));
    };
    const std::int64_t by_h = samples(cell_h), by_w = samples(cell_w);
    if (by_h > 256 || by_w > 256)
      return n.refuse(fmt::format("{} by {} samples in a cell; 256 are supported", by_h, by_w));
    Weights weights(h * w, s[2], s[3]);
    const auto taps = [](double at, std::int64_t size) -> std::vector<Tap> {
      if (at < -1 || at > static_cast<double>(size)) return {};
      at = std::max(at, 0.0);
      const std::int64_t low = std::min(static_cast<std::int64_t>(at), size - 1);
      if (low == size - 1) return {{low, 1}};
      return {{low, 1 - (at - static_cast<double>(low))}, {low + 1, at - static_cast<double>(low)}};
    };
    for (std::int64_t p = 0; p < h * w; ++p)
      for (std::int64_t i = 0; i < by_h * by_w; ++i) {
        const auto at = [&](double start, double cell, std::int64_t which, std::int64_t sub,
                            std::int64_t of) {
          return start + cell * (static_cast<double>(which) +
                                 (static_cast<double>(sub) + 0.5) / static_cast<double>(of));
        };
        for (const Tap& row : taps(at(top, cell_h, p / w, i / by_w, by_h), s[2]))
          for (const Tap& column : taps(at(left, cell_w, p % w, i % by_w, by_w), s[3]))
            weights.add(p, row.pixel, column.pixel,
                        row.weight * column.weight / static_cast<double>(by_h * by_w));
      }
    parts.push_back(sampled(n, x.id, images[r], weights.take()));
  }
  const auto count = static_cast<std::int64_t>(images.size());
  if (count == 0) return n.refuse("an empty result");
  n.set_result(n.reshape(joined(n, std::move(parts)), {count, s[1], h, w}));
  return {};
}

}  // namespace chengying::compiler
