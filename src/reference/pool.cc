#include <algorithm>

#include "reference/elements.h"
#include "reference/execute.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

/// visit(element) for each place of the window of `out` inside of the input, row by row; returns their
/// number.
template <class T, class Visit>
std::int32_t for_each_inside(const isa::Pool& op, const std::byte* base, const Index& out, Visit visit) {
  const isa::Window& w = op.window;
  std::int32_t count = 0;
  for (std::int32_t row = 0; row < w.kernel_h; ++row) {
    const std::int32_t y = out[1] * w.stride_h - w.pad_top + row * w.dilation_h;
    if (y < 0 || y >= op.input.shape[1]) continue;
    for (std::int32_t column = 0; column < w.kernel_w; ++column) {
      const std::int32_t x = out[2] * w.stride_w - w.pad_left + column * w.dilation_w;
      if (x < 0 || x >= op.input.shape[2]) continue;
      visit(load<T>(base, op.input, {out[0], y, x, out[3]}));
      ++count;
    }
  }
  return count;
}

std::int32_t divisor(const isa::Pool& op, std::int32_t count) {
  return op.kind == isa::PoolKind::kAverageWithPad ? op.window.kernel_h * op.window.kernel_w
                                                   : std::max(count, 1);
}

std::uint8_t pool_u8(const isa::Pool& op, const std::byte* base, const Index& out) {
  if (op.kind == isa::PoolKind::kMax) {
    std::uint8_t largest = 0;
    for_each_inside<std::uint8_t>(op, base, out, [&](std::uint8_t x) { largest = std::max(largest, x); });
    return largest;
  }
  std::int32_t sum = 0;
  const std::int32_t count = for_each_inside<std::uint8_t>(op, base, out, [&](std::uint8_t x) { sum += x; });
  const float mean =
      static_cast<float>(sum - count * op.input_zero_point) / static_cast<float>(divisor(op, count));
  return exact::requantise_u8(mean * op.scale, op.output_zero_point);
}

float pool_f32(const isa::Pool& op, const std::byte* base, const Index& out) {
  if (op.kind == isa::PoolKind::kMax) {
    float largest = -exact::kInf;
    bool first = true;
    for_each_inside<float>(op, base, out, [&](float x) {
      largest = first || x > largest ? x : largest;
      first = false;
    });
    return exact::canonical<float>(largest);
  }
  float sum = 0;
  const std::int32_t count = for_each_inside<float>(op, base, out, [&](float x) { sum += x; });
  return exact::canonical<float>(sum / static_cast<float>(divisor(op, count)));
}

}  // namespace

void pool(const isa::Pool& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& out) {
    if (op.input.dtype == DType::kF32) {
      store(at.output, op.output, out, pool_f32(op, at.input, out));
    } else {
      store(at.output, op.output, out, pool_u8(op, at.input, out));
    }
  });
}

}  // namespace chengying::reference
