// Pool over a lane set S: vectors of channels, window by window.
#pragma once

#include <algorithm>

#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "isa/instruction.h"
#include "reference/operands.h"

namespace chengying::chip {

template <class S>
struct Pooling {
  using F = typename S::F;
  using I = typename S::I;
  using Bytes = typename S::Bytes;
  using L = exact::Lanes<F>;

  /// The part of a window inside of the input: `rows` x `columns` places from `first` on.
  struct Inside {
    const std::byte* first = nullptr;
    std::int64_t rows = 0, columns = 0, step_y = 0, step_x = 0;
    std::int64_t count() const { return rows * columns; }
  };

  struct Range {
    std::int64_t first = 0, count = 0;
  };
  static Range clip(std::int64_t start, std::int32_t kernel, std::int32_t dilation, std::int32_t extent) {
    const std::int64_t skipped = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const std::int64_t first = start + skipped * dilation;
    const std::int64_t fitting = first < extent ? (extent - 1 - first) / dilation + 1 : 0;
    return {first, std::max<std::int64_t>(0, std::min<std::int64_t>(kernel - skipped, fitting))};
  }

  static Inside inside_of(const isa::Pool& op, const std::byte* image, const Range& rows,
                          const Range& columns) {
    const isa::Window& w = op.window;
    if (rows.count == 0 || columns.count == 0) return {};
    return {image + rows.first * op.input.stride[1] + columns.first * op.input.stride[2], rows.count,
            columns.count, op.input.stride[1] * w.dilation_h, op.input.stride[2] * w.dilation_w};
  }

  template <class Body>
  static void for_each_place(const Inside& in, std::int64_t offset, Body body) {
    for (std::int64_t row = 0; row < in.rows; ++row) {
      for (std::int64_t column = 0; column < in.columns; ++column) {
        body(in.first + row * in.step_y + column * in.step_x + offset);
      }
    }
  }

  static float divisor(const isa::Pool& op, const Inside& in) {
    const std::int64_t count = op.kind == isa::PoolKind::kAverageWithPad
                                   ? std::int64_t{op.window.kernel_h} * op.window.kernel_w
                                   : std::max<std::int64_t>(in.count(), 1);
    return static_cast<float>(count);
  }

  /// The largest of each of up to a vector of channels; `load` reads them at a place.
  template <class Load>
  [[gnu::always_inline]] static Bytes largest_of(const Inside& in, std::int64_t channel, Load load) {
    Bytes largest{};
    const std::byte* row = in.first + channel;
    for (std::int64_t y = 0; y < in.rows; ++y, row += in.step_y) {
      const std::byte* place = row;
      for (std::int64_t x = 0; x < in.columns; ++x, place += in.step_x)
        largest = S::larger(load(place), largest);
    }
    return largest;
  }

  static void max_u8(const Inside& in, std::int64_t channels, std::byte* out) {
    constexpr auto kBytes = static_cast<std::int64_t>(sizeof(Bytes));
    std::int64_t c = 0;
    for (; c + kBytes <= channels; c += kBytes) {
      const Bytes largest = largest_of(in, c, [](const std::byte* at) {
        Bytes x;
        std::memcpy(&x, at, sizeof x);
        return x;
      });
      std::memcpy(out + c, &largest, sizeof largest);
    }
    const auto left = static_cast<std::size_t>(channels - c);
    if (left == 0) return;
    const Bytes largest = largest_of(in, c, [&](const std::byte* at) {
      Bytes x{};
      std::memcpy(&x, at, left);
      return x;
    });
    std::memcpy(out + c, &largest, left);
  }

  static void average_u8(const isa::Pool& op, const Inside& in, std::int64_t channels, std::byte* out) {
    const I shift = L::set_int(static_cast<std::int32_t>(in.count()) * op.input_zero_point);
    const F by = L::set(divisor(op, in)), scale = L::set(op.scale);
    for (std::int64_t c = 0; c < channels; c += S::kWidth) {
      I sum{};
      for_each_place(in, c, [&](const std::byte* at) { sum += load_u8s<S>(at, 1, channels - c); });
      const F mean = L::to_float(sum - shift) / by;
      store_u8s<S>(out + c, 1, channels - c, requantise<S>(mean * scale, op.output_zero_point, 0, 255));
    }
  }

  static void pool_f32(const isa::Pool& op, const Inside& in, std::int64_t channels, std::byte* out) {
    const bool is_max = op.kind == isa::PoolKind::kMax;
    const F by = L::set(divisor(op, in));
    for (std::int64_t c = 0; c < channels; c += S::kWidth) {
      F value = L::set(is_max ? -exact::kInf : 0.0F);
      if (is_max && in.count() > 0) value = load_floats<S>(in.first + 4 * c, 4, channels - c);
      for_each_place(in, 4 * c, [&](const std::byte* at) {
        const F x = load_floats<S>(at, 4, channels - c);
        value = is_max ? exact::at_least<F>(x, value) : value + x;
      });
      if (!is_max) value = value / by;
      store_floats<S>(out + 4 * c, 4, channels - c, exact::canonical<F>(value));
    }
  }

  static void pool(const isa::Pool& op, const Operands& at) {
    const auto& shape = op.output.shape;
    const auto& stride = op.output.stride;
    const isa::Window& w = op.window;
    auto* columns = reinterpret_cast<Range*>(
        scratch(ScratchSlot::kRuns, static_cast<std::size_t>(shape[2]) * sizeof(Range)));
    for (std::int64_t x = 0; x < shape[2]; ++x)
      columns[x] = clip(x * w.stride_w - w.pad_left, w.kernel_w, w.dilation_w, op.input.shape[2]);
    for (std::int64_t n = 0; n < shape[0]; ++n) {
      for (std::int64_t y = 0; y < shape[1]; ++y) {
        const Range rows = clip(y * w.stride_h - w.pad_top, w.kernel_h, w.dilation_h, op.input.shape[1]);
        for (std::int64_t x = 0; x < shape[2]; ++x) {
          const Inside in = inside_of(op, at.input + n * op.input.stride[0], rows, columns[x]);
          std::byte* out = at.output + n * stride[0] + y * stride[1] + x * stride[2];
          if (op.input.dtype == DType::kF32) {
            pool_f32(op, in, shape[3], out);
          } else if (op.kind == isa::PoolKind::kMax) {
            max_u8(in, shape[3], out);
          } else {
            average_u8(op, in, shape[3], out);
          }
        }
      }
    }
  }
};

}  // namespace chengying::chip
