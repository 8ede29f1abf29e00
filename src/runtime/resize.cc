#include "runtime/resize.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/check.h"

namespace chengying::runtime {
namespace {

constexpr int kWeightBits = 22;  // 8 bits of pixel, 22 of weight and a sum near 1 fit in 31
constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

/// Which source places make a target place, and how much each counts.
struct Taps {
  std::int32_t first = 0;
  std::vector<std::int32_t> weights;  // their sum is about 2^22
};

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

/// Taps of the target places `begin` .. `begin + count` of a line of `from` places resized to `to`.
std::vector<Taps> taps_of(std::int32_t from, std::int32_t to, std::int32_t begin, std::int32_t count) {
  const double scale = static_cast<double>(from) / to;
  const double stretch =
      std::max(scale, 1.0);  // antialiasing: the filter covers what one target place covers
  std::vector<Taps> all(static_cast<std::size_t>(count));
  std::vector<double> weights;
  for (std::int32_t i = 0; i < count; ++i) {
    const double center = (begin + i + 0.5) * scale;
    const auto first = std::max(static_cast<std::int32_t>(center - stretch + 0.5), 0);
    const auto last = std::min(static_cast<std::int32_t>(center + stretch + 0.5), from);
    weights.clear();
    double sum = 0;
    for (std::int32_t place = first; place < last; ++place) {
      weights.push_back(triangle((place - center + 0.5) / stretch));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double weight : weights)
      taps.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << kWeightBits)));
  }
  return all;
}

std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

/// One row, resized along x.
void resize_row(const std::uint8_t* from, const std::vector<Taps>& columns, std::uint8_t* to) {
  for (const Taps& taps : columns) {
    std::int32_t r = kHalf, g = kHalf, b = kHalf;
    const std::uint8_t* pixel = from + std::size_t{3} * static_cast<std::size_t>(taps.first);
    for (const std::int32_t weight : taps.weights) {
      r += pixel[0] * weight;
      g += pixel[1] * weight;
      b += pixel[2] * weight;
      pixel += 3;
    }
    *to++ = to_pixel(r);
    *to++ = to_pixel(g);
    *to++ = to_pixel(b);
  }
}

/// One target row from the rows `from`, `row_bytes` apart, that its taps count.
void mix_rows(const std::uint8_t* from, std::size_t row_bytes, const Taps& taps,
              std::vector<std::int32_t>& sums, std::uint8_t* to) {
  std::ranges::fill(sums, kHalf);
  for (const std::int32_t weight : taps.weights) {
    for (std::size_t i = 0; i < row_bytes; ++i) sums[i] += from[i] * weight;
    from += row_bytes;
  }
  for (std::size_t i = 0; i < row_bytes; ++i) to[i] = to_pixel(sums[i]);
}

}  // namespace

Image resize_part(const Image& image, std::int32_t width, std::int32_t height, const Box& box) {
  CHECK(image.width >= 1 && image.height >= 1 && width >= 1 && height >= 1);
  CHECK(box.left >= 0 && box.top >= 0 && box.width >= 1 && box.height >= 1);
  CHECK(box.left <= width - box.width && box.top <= height - box.height);
  const std::vector<Taps> columns = taps_of(image.width, width, box.left, box.width);
  const std::vector<Taps> rows = taps_of(image.height, height, box.top, box.height);
  const std::int32_t first_row = rows.front().first;
  const std::int32_t last_row = rows.back().first + static_cast<std::int32_t>(rows.back().weights.size());

  const std::size_t row_bytes = std::size_t{3} * static_cast<std::size_t>(box.width);
  std::vector<std::uint8_t> narrow(row_bytes * static_cast<std::size_t>(last_row - first_row));
  for (std::int32_t y = first_row; y < last_row; ++y)
    resize_row(image.rgb.data() +
                   std::size_t{3} * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(y),
               columns, narrow.data() + row_bytes * static_cast<std::size_t>(y - first_row));

  Image result{box.width, box.height,
               std::vector<std::uint8_t>(row_bytes * static_cast<std::size_t>(box.height))};
  std::vector<std::int32_t> sums(row_bytes);
  for (std::size_t y = 0; y < rows.size(); ++y)
    mix_rows(narrow.data() + row_bytes * static_cast<std::size_t>(rows[y].first - first_row), row_bytes,
             rows[y], sums, result.rgb.data() + row_bytes * y);
  return result;
}

}  // namespace chengying::runtime
