// Fourier transforms as products with matrices of cosines and sines, and the windows that go with them.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "compiler/import/numbers.h"
#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/real.h"
#include "compiler/import/tensor_proto.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

/// [bins * 2, length * parts]: from interleaved real (and imaginary) parts to interleaved real and imaginary.
Tensor fourier_matrix(std::int64_t length, std::int64_t used, std::int64_t bins, std::int64_t parts,
                      bool inverse) {
  Tensor matrix(DType::kF32, {bins * 2, used * parts});
  const double scale = inverse ? 1.0 / static_cast<double>(length) : 1.0, turn = inverse ? 1 : -1;
  for (std::int64_t k = 0; k < bins; ++k)
    for (std::int64_t t = 0; t < used; ++t) {
      const double angle =
          turn * 2 * std::numbers::pi * static_cast<double>(k * t % length) / static_cast<double>(length);
      const auto c = static_cast<float>(scale * std::cos(angle)),
                 s = static_cast<float>(scale * std::sin(angle));
      float* real = &matrix.as<float>()[2 * k * used * parts + t * parts];
      float* imaginary = real + used * parts;
      real[0] = c;
      imaginary[0] = s;
      if (parts == 2) {
        real[1] = -s;
        imaginary[1] = c;
      }
    }
  return matrix;
}

/// Transforms along `axis` of x [.., parts]: the last dimension becomes 2.
Real fourier(const Real& x, std::int32_t axis, std::int64_t length, bool onesided, bool inverse) {
  const auto rank = static_cast<std::int32_t>(x.shape().size());
  std::vector<std::int32_t> order;
  for (std::int32_t d = 0; d < rank; ++d)
    if (d != axis) order.push_back(d);
  order.insert(order.end() - 1, axis);  // [.., time, parts]
  Real moved = transpose(x, order);
  Shape flat = moved.shape();
  const std::int64_t parts = flat.back(), used = std::min(flat[flat.size() - 2], length);
  if (used < flat[flat.size() - 2]) moved = {x.n, make_slice(*x.n, moved.id, rank - 2, 0, used)};
  flat.pop_back();
  flat.back() = used * parts;
  const std::int64_t bins = onesided ? length / 2 + 1 : length;
  const Real product = times_matrix(reshape(moved, flat), fourier_matrix(length, used, bins, parts, inverse));
  flat.back() = bins;
  flat.push_back(2);
  std::vector<std::int32_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
  return transpose(reshape(product, flat), back);
}

Result<std::int64_t> whole(NodeLowering& n, std::size_t i) {
  TRY_ASSIGN(const std::vector<std::int64_t> values, n.integers(i));
  if (values.size() != 1) return n.broken(fmt::format("input {} is not one number", i));
  return values[0];
}

}  // namespace

Status lower_dft(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  const std::size_t rank = x.shape().size();
  if (rank < 2 || x.shape().back() > 2) return n.broken("a signal [.., 1 or 2] is wanted");
  std::int64_t axis_given = n.integer("axis", n.opset() < 20 ? 1 : -2);
  if (n.has(2)) {
    TRY_ASSIGN(axis_given, whole(n, 2));
  }
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(axis_given, rank));
  std::int64_t length = x.shape()[axis];
  if (n.has(1)) {
    TRY_ASSIGN(length, whole(n, 1));
  }
  if (length < 1 || length > 2048)
    return n.refuse(fmt::format("a transform of {} places; 1 to 2048 are supported", length));
  n.set_result(fourier(x, axis, length, n.integer("onesided", 0) != 0, n.integer("inverse", 0) != 0).id);
  return {};
}

/// Frames of a signal [batch, time(, parts)] under a window, each transformed.
Status lower_stft(NodeLowering& n) {
  TRY_ASSIGN(Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::int64_t step, whole(n, 1));
  if (x.shape().size() == 2) x = reshape(x, {x.shape()[0], x.shape()[1], 1});
  const Shape s = x.shape();
  std::int64_t length = n.has(2) ? *element_count(n.shape(*n.input(2))) : 0;
  if (n.has(3)) {
    TRY_ASSIGN(length, whole(n, 3));
  }
  if (s.size() != 3 || s[2] > 2 || step < 1 || length < 1 || length > s[1] || length > 2048)
    return n.broken(fmt::format("frames of {} every {} places of {}", length, step, to_string(s)));
  const std::int64_t frames = (s[1] - length) / step + 1;
  std::vector<std::int64_t> places;
  TRY(check_places(n, {frames, length}));
  for (std::int64_t f = 0; f < frames; ++f)
    for (std::int64_t t = 0; t < length; ++t) places.push_back(f * step + t);
  TRY_ASSIGN(const ValueId framed, entries_along(n, x.id, 1, places));
  Real y{&n, n.reshape(framed, {s[0], frames, length, s[2]})};
  if (n.has(2)) {
    TRY_ASSIGN(const Real window, real_operand(n, 2));
    if (window.shape() != Shape{length}) return n.broken("a window of another length than the frames");
    y = y * reshape(window, {1, 1, length, 1});
  }
  n.set_result(fourier(y, 2, length, n.integer("onesided", 1) != 0, false).id);
  return {};
}

/// A sum of cosines over the window.
Status lower_window(NodeLowering& n) {
  struct Row {
    std::string_view op;
    double a, b, c;
  };
  static constexpr Row kWindows[] = {{"HannWindow", 0.5, 0.5, 0},
                                     {"HammingWindow", 25.0 / 46, 21.0 / 46, 0},
                                     {"BlackmanWindow", 0.42, 0.5, 0.08}};
  const Row& row = *std::ranges::find(kWindows, n.node().op, &Row::op);
  TRY_ASSIGN(const std::int64_t size, whole(n, 0));
  if (size < 1 || size > kElementsMax / 64) return n.broken(fmt::format("a window of {} places", size));
  const double period =
      static_cast<double>(n.integer("periodic", 1) != 0 ? size : std::max<std::int64_t>(size - 1, 1));
  std::vector<double> values;
  for (std::int64_t i = 0; i < size; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / period;
    values.push_back(row.a - row.b * std::cos(angle) + row.c * std::cos(2 * angle));
  }
  TRY_ASSIGN(const DType type,
             dtype_of_onnx(static_cast<std::int32_t>(n.integer("output_datatype", 1)), "the window"));
  n.set_result(n.add_constant(from_doubles(values, held_as(type), {size})));
  return {};
}

/// Triangles on the mel scale: [frequency bins, mel bins].
Status lower_mel_weight_matrix(NodeLowering& n) {
  double given[5];
  for (std::size_t i = 0; i < 5; ++i) {
    TRY_ASSIGN(given[i], n.scalar(i));
  }
  for (const double number : given)
    if (!(number >= 0 && number <= 1e7)) return n.broken(fmt::format("a parameter of {}", number));
  const auto bands = static_cast<std::int64_t>(given[0]), length = static_cast<std::int64_t>(given[1]);
  const std::int64_t bins = length / 2 + 1;
  if (bands < 1 || length < 1 || given[2] < 1 || bands * bins > kElementsMax / 64)
    return n.broken("the matrix's sizes");
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double low = mel(given[3]), step = (mel(given[4]) - low) / static_cast<double>(bands + 2);
  std::vector<std::int64_t> edges;
  for (std::int64_t i = 0; i < bands + 2; ++i) {
    const double hertz = 700 * (std::pow(10, (low + static_cast<double>(i) * step) / 2595) - 1);
    edges.push_back(static_cast<std::int64_t>(static_cast<double>(length + 1) * hertz / given[2]));
  }
  std::vector<double> values(static_cast<std::size_t>(bins * bands));
  for (std::int64_t b = 0; b < bands; ++b) {
    const std::int64_t from = edges[static_cast<std::size_t>(b)],
                       top = edges[static_cast<std::size_t>(b) + 1];
    const std::int64_t to = edges[static_cast<std::size_t>(b) + 2];
    const auto at = [&](std::int64_t bin) -> double& {
      return values[static_cast<std::size_t>(bin * bands + b)];
    };
    if (top < bins) at(top) = 1;
    for (std::int64_t i = from; i < top && i < bins; ++i)
      at(i) = static_cast<double>(i - from) / static_cast<double>(top - from);
    for (std::int64_t i = top; i < to && i < bins; ++i)
      at(i) = static_cast<double>(to - i) / static_cast<double>(to - top);
  }
  TRY_ASSIGN(const DType type,
             dtype_of_onnx(static_cast<std::int32_t>(n.integer("output_datatype", 1)), "the matrix"));
  n.set_result(n.add_constant(from_doubles(values, held_as(type), {bins, bands})));
  return {};
}

}  // namespace chengying::compiler
