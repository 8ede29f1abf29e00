#include "isa/packing.h"
#include "reference/epilogue.h"
#include "reference/execute.h"

namespace chengying::reference {
namespace {

/// Where the pixel under (row, column) of the window of output pixel `out` lies; null outside of the input.
const std::byte* pixel_under(const isa::View& input, const isa::Window& w, const std::byte* base,
                             const Index& out, std::int32_t row, std::int32_t column) {
  const std::int64_t y = std::int64_t{out[1]} * w.stride_h - w.pad_top + std::int64_t{row} * w.dilation_h;
  const std::int64_t x = std::int64_t{out[2]} * w.stride_w - w.pad_left + std::int64_t{column} * w.dilation_w;
  if (y < 0 || y >= input.shape[1] || x < 0 || x >= input.shape[2]) return nullptr;
  return base + out[0] * input.stride[0] + y * input.stride[1] + x * input.stride[2];
}

/// visit(pixel, row, column) for each place of the window, row by row; pixel is null outside of the input.
template <class Op, class Visit>
void for_each_place(const Op& op, const Operands& at, const Index& out, Visit visit) {
  for (std::int32_t row = 0; row < op.window.kernel_h; ++row) {
    for (std::int32_t column = 0; column < op.window.kernel_w; ++column) {
      visit(pixel_under(op.input, op.window, at.input, out, row, column), row, column);
    }
  }
}

template <class Op>
void finish(const Op& op, const Operands& at, const Index& out, float sum) {
  const auto& residual = op.epilogue.residual;
  const std::byte* r = residual ? at.second + offset_of(residual->view, out) : nullptr;
  store(at.output, op.output, out, finish_f32(op.epilogue, sum, r));
}
template <class Op>
void finish(const Op& op, const Operands& at, const Index& out, std::uint32_t sum) {
  const auto& residual = op.epilogue.residual;
  const std::byte* r = residual ? at.second + offset_of(residual->view, out) : nullptr;
  const auto scale = load<float>(at.scale + out[3] * 4);
  if (op.output.dtype == DType::kU8)
    return store(at.output, op.output, out, finish_u8(op.epilogue, sum, scale, r));
  const float real = static_cast<float>(static_cast<std::int32_t>(sum)) * scale;
  store(at.output, op.output, out, finish_f32(op.epilogue, real, r));
}

/// sum + x * w, for both paths.
float multiply_add(float x, float w, float sum) {
  return __builtin_fmaf(x, w, sum);
}
std::uint32_t multiply_add(std::uint8_t x, std::int8_t w, std::uint32_t sum) {
  return sum + static_cast<std::uint32_t>(std::int32_t{x} * w);
}

/// X, W, Sum: the types of activations, weights and sums. Weights of neighbouring input channels lie `group`
/// by `group` together, and groups 16 * group apart.
template <class X, class W, class Sum>
void conv_as(const isa::Conv& op, const Operands& at, X outside, std::int32_t group) {
  const isa::ConvWeightShape shape{op.output.shape[3], op.window.kernel_h, op.window.kernel_w,
                                   op.input.shape[3]};
  for_each_index(op.output.shape, [&](const Index& out) {
    auto sum = load<Sum>(at.init + out[3] * 4);
    for_each_place(op, at, out, [&](const std::byte* pixel, std::int32_t row, std::int32_t column) {
      const std::size_t first = group == 1 ? isa::conv_f32_index(shape, out[3], row, column, 0)
                                           : isa::conv_i8_index(shape, out[3], row, column, 0);
      const std::byte* weights = at.weights + first * sizeof(W);
      for (std::int32_t c = 0; c < shape.c; ++c) {
        const X x = pixel != nullptr ? load<X>(pixel + c * op.input.stride[3]) : outside;
        const std::int32_t place = c / group * group * isa::kChannelBlock + c % group;
        sum = multiply_add(x, load<W>(weights + place * static_cast<std::int32_t>(sizeof(W))), sum);
      }
    });
    finish(op, at, out, sum);
  });
}

template <class X, class W, class Sum, class WeightIndex>
void depthwise_as(const isa::DepthwiseConv& op, const Operands& at, X outside, WeightIndex index) {
  const std::int32_t places = op.window.kernel_h * op.window.kernel_w;
  for_each_index(op.output.shape, [&](const Index& out) {
    auto sum = load<Sum>(at.init + out[3] * 4);
    for_each_place(op, at, out, [&](const std::byte* pixel, std::int32_t row, std::int32_t column) {
      const std::size_t weight = index(places, out[3], row * op.window.kernel_w + column);
      const X x = pixel != nullptr ? load<X>(pixel + out[3] * op.input.stride[3]) : outside;
      sum = multiply_add(x, load<W>(at.weights + weight * sizeof(W)), sum);
    });
    finish(op, at, out, sum);
  });
}

}  // namespace

void conv(const isa::Conv& op, const Operands& at) {
  if (op.input.dtype == DType::kF32) return conv_as<float, float, float>(op, at, 0.0F, 1);
  conv_as<std::uint8_t, std::int8_t, std::uint32_t>(op, at, op.pad_value, isa::kReduceGroup);
}

void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  if (op.input.dtype == DType::kF32) {
    return depthwise_as<float, float, float>(op, at, 0.0F, isa::depthwise_f32_index);
  }
  depthwise_as<std::uint8_t, std::int8_t, std::uint32_t>(op, at, op.pad_value, isa::depthwise_i8_index);
}

}  // namespace chengying::reference
