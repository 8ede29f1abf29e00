#include "isa/packing.h"
#include "reference/epilogue.h"
#include "reference/execute.h"

namespace chengying::reference {
namespace {

/// Where the element under (row, column) of the window of output pixel `out` lies; null outside of the input.
const std::byte* element_under(const isa::View& input, const isa::Window& w, const std::byte* base,
                               const Index& out, std::int32_t row, std::int32_t column,
                               std::int32_t channel) {
  const std::int64_t y = std::int64_t{out[1]} * w.stride_h - w.pad_top + std::int64_t{row} * w.dilation_h;
  const std::int64_t x = std::int64_t{out[2]} * w.stride_w - w.pad_left + std::int64_t{column} * w.dilation_w;
  if (y < 0 || y >= input.shape[1] || x < 0 || x >= input.shape[2]) return nullptr;
  return base +
         offset_of(input, {out[0], static_cast<std::int32_t>(y), static_cast<std::int32_t>(x), channel});
}

/// One output element; `first`..`last` are the input channels it reads, index(row, column, channel) its
/// weights.
template <class Op, class WeightIndex>
void one_output(const Op& op, const Operands& at, const Index& out, std::int32_t first, std::int32_t last,
                WeightIndex index) {
  const isa::Window& w = op.window;
  const isa::Epilogue& e = op.epilogue;
  const auto k = static_cast<std::size_t>(out[3]);
  const std::byte* at_residual = e.residual ? at.second + offset_of(e.residual->view, out) : nullptr;
  const bool is_f32 = op.input.dtype == DType::kF32;
  std::uint32_t sum_u8 = 0;
  float sum_f32 = 0;
  if (is_f32) {
    sum_f32 = load<float>(at.init + k * 4);
  } else {
    sum_u8 = load<std::uint32_t>(at.init + k * 4);
  }
  for (std::int32_t row = 0; row < w.kernel_h; ++row) {
    for (std::int32_t column = 0; column < w.kernel_w; ++column) {
      for (std::int32_t c = first; c < last; ++c) {
        const std::byte* x = element_under(op.input, w, at.input, out, row, column, c);
        const std::size_t weight = index(row, column, c);
        if (is_f32) {
          sum_f32 = __builtin_fmaf(x != nullptr ? load<float>(x) : 0.0F, load<float>(at.weights + weight * 4),
                                   sum_f32);
        } else {
          const std::int32_t value = x != nullptr ? load<std::uint8_t>(x) : op.pad_value;
          sum_u8 += static_cast<std::uint32_t>(value * load<std::int8_t>(at.weights + weight));
        }
      }
    }
  }
  if (is_f32) {
    store<float>(at.output, op.output, out, finish_f32(e, sum_f32, at_residual));
  } else {
    store(at.output, op.output, out, finish_u8(e, sum_u8, load<float>(at.scale + k * 4), at_residual));
  }
}

}  // namespace

void conv(const isa::Conv& op, const Operands& at) {
  const isa::ConvWeightShape shape{op.output.shape[3], op.window.kernel_h, op.window.kernel_w,
                                   op.input.shape[3]};
  const bool is_f32 = op.input.dtype == DType::kF32;
  for_each_index(op.output.shape, [&](const Index& out) {
    one_output(op, at, out, 0, shape.c, [&](std::int32_t row, std::int32_t column, std::int32_t c) {
      return is_f32 ? isa::conv_f32_index(shape, out[3], row, column, c)
                    : isa::conv_i8_index(shape, out[3], row, column, c);
    });
  });
}

void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  const std::int32_t places = op.window.kernel_h * op.window.kernel_w;
  const bool is_f32 = op.input.dtype == DType::kF32;
  for_each_index(op.output.shape, [&](const Index& out) {
    one_output(op, at, out, out[3], out[3] + 1, [&](std::int32_t row, std::int32_t column, std::int32_t c) {
      const std::int32_t place = row * op.window.kernel_w + column;
      return is_f32 ? isa::depthwise_f32_index(places, c, place) : isa::depthwise_i8_index(places, c, place);
    });
  });
}

}  // namespace chengying::reference
