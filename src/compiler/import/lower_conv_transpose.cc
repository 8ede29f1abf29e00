// Transposed convolution: zeros between the input's places, then a convolution with the weights turned
// around.
#include <algorithm>

#include "compiler/import/operators.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

struct Axis {
  std::int64_t in = 1, kernel = 1, stride = 1, dilation = 1, before = 0, out = 1;
};

/// Weights [c, k / groups, h, w] as those of a convolution: [k, c / groups, h, w], both sides turned around.
Tensor turned(const Tensor& w, std::int64_t groups) {
  const Shape& s = w.shape();
  const std::int64_t c = s[0] / groups, k = s[1], places = s[2] * s[3];
  Tensor result(DType::kF32, {groups * k, c, s[2], s[3]});
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t o = 0; o < k; ++o)
      for (std::int64_t i = 0; i < c; ++i)
        for (std::int64_t p = 0; p < places; ++p)
          result.as<float>()[((g * k + o) * c + i) * places + p] =
              w.as<float>()[((g * c + i) * k + o) * places + places - 1 - p];
  return result;
}

/// x with stride - 1 zeros behind each row and column but the last.
ValueId spread(NodeLowering& n, ValueId x, const Axis& h, const Axis& w) {
  if (h.stride == 1 && w.stride == 1) return x;
  const Shape s = n.shape(x);
  const ValueId apart = n.reshape(x, {s[0], s[1], s[2], 1, s[3], 1});
  const PadNode pad{.before = std::vector<std::int64_t>(6, 0), .value = 0};
  const ValueId wide = n.emit(pad, {apart}, Shape{s[0], s[1], s[2], h.stride, s[3], w.stride});
  const ValueId rows = n.reshape(wide, {s[0], s[1], s[2] * h.stride, s[3] * w.stride});
  return make_slice(n, make_slice(n, rows, 2, 0, (s[2] - 1) * h.stride + 1), 3, 0, (s[3] - 1) * w.stride + 1);
}

Result<std::vector<Axis>> axes_of(NodeLowering& n, const Shape& x, const std::vector<std::int64_t>& kernel) {
  const std::size_t rank = kernel.size();
  const auto list = [&](const char* name, std::int64_t value, std::size_t size) {
    return n.integers(name, std::vector<std::int64_t>(size, value));
  };
  const std::vector<std::int64_t> strides = list("strides", 1, rank), dilations = list("dilations", 1, rank);
  const std::vector<std::int64_t> pads = list("pads", 0, 2 * rank), extra = list("output_padding", 0, rank);
  const std::vector<std::int64_t> wanted = n.integers("output_shape", {});
  if (strides.size() != rank || dilations.size() != rank || pads.size() != 2 * rank || extra.size() != rank ||
      (!wanted.empty() && wanted.size() < rank))
    return n.broken("kernel, strides, dilations or pads do not have the input's rank");
  const std::string auto_pad = n.text("auto_pad", "NOTSET");
  std::vector<Axis> axes(rank);
  for (std::size_t d = 0; d < rank; ++d) {
    Axis& a = axes[d];
    a = {.in = x[d + 2],
         .kernel = kernel[d],
         .stride = strides[d],
         .dilation = dilations[d],
         .before = pads[d]};
    const auto sane = [](std::int64_t v, std::int64_t least) { return v >= least && v <= 1 << 20; };
    if (!sane(a.stride, 1) || !sane(a.dilation, 1) || !sane(a.kernel, 1) || !sane(extra[d], 0) ||
        !sane(pads[d], 0) || !sane(pads[d + rank], 0) || a.kernel * a.dilation > 1 << 30)
      return n.broken("kernel, strides, dilations or pads are not positive, or too large");
    const std::int64_t full = (a.in - 1) * a.stride + extra[d] + (a.kernel - 1) * a.dilation + 1;
    a.out = full - pads[d] - pads[d + rank];
    const bool same = auto_pad.starts_with("SAME");
    if (!wanted.empty() || same) {
      a.out = wanted.empty() ? a.in * a.stride : wanted[wanted.size() - rank + d];
      const std::int64_t total = std::max<std::int64_t>(full - a.out, 0);
      a.before = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    } else if (auto_pad == "VALID") {
      a.before = 0;
      a.out = full;
    }
    if (a.out < 1 || a.out > kDimensionMax) return n.broken(fmt::format("an output of {} places", a.out));
  }
  return axes;
}

}  // namespace

Status lower_conv_transpose(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, n.real(0));
  TRY_ASSIGN(const ConstantTensor weights, n.constant(1));
  const Shape shape = n.shape(x);
  if ((shape.size() != 3 && shape.size() != 4) || weights->shape().size() != shape.size())
    return n.refuse(fmt::format("a transposed convolution of {} spatial dimensions; 1 and 2 are supported",
                                static_cast<std::int64_t>(shape.size()) - 2));
  const std::int64_t groups = n.integer("group", 1);
  if (groups < 1 || weights->shape()[0] != shape[1] || shape[1] % groups != 0)
    return n.broken(
        fmt::format("{} groups of weights {} on {}", groups, to_string(weights->shape()), to_string(shape)));
  const std::vector<std::int64_t> kernel(weights->shape().begin() + 2, weights->shape().end());
  TRY_ASSIGN(std::vector<Axis> axes, axes_of(n, shape, kernel));
  const bool flat = axes.size() == 1;
  if (flat) axes.insert(axes.begin(), Axis{});
  const Axis &h = axes[0], &w = axes[1];
  const std::int64_t k = weights->shape()[1] * groups;
  ValueId bias = kNoValue;
  if (n.has(2)) {
    TRY_ASSIGN(bias, n.real(2));
    if (n.known(bias) == nullptr || n.shape(bias) != Shape{k})
      return n.refuse(fmt::format("a bias that is not a constant of {} elements", k));
  }
  if (flat) x = n.reshape(x, {shape[0], shape[1], 1, shape[2]});
  const Tensor image = weights->reshaped({weights->shape()[0], weights->shape()[1], h.kernel, w.kernel});
  ConvNode conv{.window = {}, .groups = static_cast<std::int32_t>(groups), .fused = {}};
  conv.window = {.kernel_h = static_cast<std::int32_t>(h.kernel),
                 .kernel_w = static_cast<std::int32_t>(w.kernel),
                 .dilation_h = static_cast<std::int32_t>(h.dilation),
                 .dilation_w = static_cast<std::int32_t>(w.dilation),
                 .pad_top = static_cast<std::int32_t>((h.kernel - 1) * h.dilation - h.before),
                 .pad_left = static_cast<std::int32_t>((w.kernel - 1) * w.dilation - w.before)};
  const ValueId turned_id = n.add_constant(turned(image, groups), "turned");
  const ValueId y =
      n.emit(std::move(conv), {spread(n, x, h, w), turned_id, bias}, Shape{shape[0], k, h.out, w.out});
  n.set_result(flat ? n.reshape(y, {shape[0], k, w.out}) : y);
  return {};
}

}  // namespace chengying::compiler
