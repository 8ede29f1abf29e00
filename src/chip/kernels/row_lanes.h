// Norm, Rotary and Resize over a lane set S.
#pragma once

#include "chip/kernels/partial_sums.h"
#include "chip/kernels/rows.h"
#include "chip/kernels/strided.h"
#include "chip/kernels/unrolled.h"
#include "isa/instruction.h"
#include "reference/execute.h"
#include "reference/taps.h"

namespace chengying::chip {

template <class S>
struct RowOperations {
  using F = typename S::F;
  using L = exact::Lanes<F>;
  static constexpr std::int64_t kWidth = S::kWidth;

  /// One row; `at` has the first elements of its operands.
  static void norm_row(const isa::Norm& op, const Operands& at) {
    const std::int64_t n = op.input.shape[3], step = op.input.stride[3], step_out = op.output.stride[3];
    const auto count = static_cast<float>(n);
    const auto x = [&](std::int64_t i) { return load_floats<S>(at.input + i * step, step, n - i); };
    F mean = L::set(0.0F);
    const bool layer = op.kind == isa::NormKind::kLayer;
    if (layer) mean = L::set(sum_of_16<S>(n, [&](F sum, std::int64_t i) { return sum + x(i); }) / count);
    const auto d = [&](std::int64_t i) { return layer ? x(i) - mean : x(i); };
    const float squares = sum_of_16<S>(n, [&](F sum, std::int64_t i) {
      const F here = keep_first<S>(d(i), n - i);
      return L::fma(here, here, sum);
    });
    const F r = L::set(1.0F / __builtin_sqrtf(squares / count + op.epsilon));
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const std::int64_t left = n - i;
      F t = d(i) * r;
      const auto companion = [&](const isa::View& view, const std::byte* base) {
        return load_floats<S>(base + i * view.stride[3], view.stride[3], left);
      };
      if (op.scale && op.shift) {
        t = L::fma(t, companion(*op.scale, at.second), companion(*op.shift, at.third));
      } else if (op.scale) {
        t = t * companion(*op.scale, at.second);
      } else if (op.shift) {
        t = t + companion(*op.shift, at.third);
      }
      store_floats<S>(at.output + i * step_out, step_out, left, exact::canonical<F>(t));
    }
  }

  /// body(operands at the first elements of each row), rows of up to three inputs and the output.
  template <class Body>
  static void for_each_row(const isa::View& input, const isa::View* second, const isa::View* third,
                           const isa::View& output, const Operands& at, Body body) {
    const auto offset = [](const isa::View& view, std::int64_t a, std::int64_t b, std::int64_t c) {
      return a * view.stride[0] + b * view.stride[1] + c * view.stride[2];
    };
    Operands row = at;
    for (std::int64_t a = 0; a < output.shape[0]; ++a) {
      for (std::int64_t b = 0; b < output.shape[1]; ++b) {
        for (std::int64_t c = 0; c < output.shape[2]; ++c) {
          row.input = at.input + offset(input, a, b, c);
          if (second != nullptr) row.second = at.second + offset(*second, a, b, c);
          if (third != nullptr) row.third = at.third + offset(*third, a, b, c);
          row.output = at.output + offset(output, a, b, c);
          body(row);
        }
      }
    }
  }

  static void norm(const isa::Norm& op, const Operands& at) {
    for_each_row(op.input, op.scale ? &*op.scale : nullptr, op.shift ? &*op.shift : nullptr, op.output, at,
                 [&](const Operands& row) { norm_row(op, row); });
  }

  static void rotary(const isa::Rotary& op, const Operands& at) {
    const std::int64_t half = op.cosine.shape[3], near = op.interleaved ? 2 : 1,
                       apart = op.interleaved ? 1 : half;
    const std::int64_t step_in = op.input.stride[3] * near, step_out = op.output.stride[3] * near;
    const auto strides = std::pair(op.cosine.stride[3], op.sine.stride[3]);
    for_each_row(op.input, &op.cosine, &op.sine, op.output, at, [&](const Operands& row) {
      for (std::int64_t i = 0; i < half; i += kWidth) {
        const std::int64_t left = half - i;
        const std::byte* in = row.input + i * step_in;
        std::byte* out = row.output + i * step_out;
        const F p = load_floats<S>(in, step_in, left);
        const F q = load_floats<S>(in + apart * op.input.stride[3], step_in, left);
        const F c = load_floats<S>(row.second + i * strides.first, strides.first, left);
        const F s = load_floats<S>(row.third + i * strides.second, strides.second, left);
        store_floats<S>(out, step_out, left, exact::canonical<F>(p * c - q * s));
        store_floats<S>(out + apart * op.output.stride[3], step_out, left,
                        exact::canonical<F>(q * c + p * s));
      }
    });
  }

  static constexpr std::int32_t kMaxTaps = 64;

  /// One output pixel of Resize.
  struct Taps {
    reference::Tap rows[kMaxTaps];
    reference::Tap columns[kMaxTaps];
  };

  /// In the order in which the reference meets them, so that the first fault is the same.
  static void read_taps(const isa::Resize& op, const Operands& at, std::int64_t y, std::int64_t x,
                        Taps& taps) {
    for (std::int32_t v = 0; v < op.taps_h; ++v) {
      taps.rows[v] = reference::tap_at(at.weights, y * op.taps_h + v, op.input.shape[1], at.fault);
      if (v > 0) continue;
      for (std::int32_t u = 0; u < op.taps_w; ++u)
        taps.columns[u] = reference::tap_at(at.table, x * op.taps_w + u, op.input.shape[2], at.fault);
    }
  }

  static F load_sample(const isa::View& view, const std::byte* at, std::int64_t left) {
    const std::int64_t step = view.stride[3];
    if (view.dtype == DType::kU8) return L::to_float(load_u8s<S>(at, step, left));
    return load_floats<S>(at, step, left);
  }

  static void resize_pixel(const isa::Resize& op, const Taps& taps, const std::byte* image, std::byte* out) {
    const isa::View& in = op.input;
    for (std::int64_t c = 0; c < in.shape[3]; c += kWidth) {
      const std::int64_t left = in.shape[3] - c, step = op.output.stride[3];
      F t = L::set(0.0F);
      for (std::int32_t v = 0; v < op.taps_h; ++v) {
        F s = L::set(0.0F);
        for (std::int32_t u = 0; u < op.taps_w; ++u) {
          F x = L::set(0.0F);
          if (taps.rows[v].number >= 0 && taps.columns[u].number >= 0) {
            const std::int64_t pixel =
                taps.rows[v].number * in.stride[1] + taps.columns[u].number * in.stride[2];
            x = load_sample(in, image + pixel + c * in.stride[3], left);
          }
          s = L::fma(L::set(taps.columns[u].weight), x, s);
        }
        t = L::fma(L::set(taps.rows[v].weight), s, t);
      }
      if (in.dtype == DType::kU8) {
        store_u8s<S>(out + c * step, step, left, requantise<S>(t, 0, 0, 255));
      } else {
        store_floats<S>(out + c * step, step, left, exact::canonical<F>(t));
      }
    }
  }

  static void resize(const isa::Resize& op, const Operands& at) {
    const isa::View& out = op.output;
    Taps taps;
    for (std::int64_t n = 0; n < out.shape[0]; ++n) {
      for (std::int64_t y = 0; y < out.shape[1]; ++y) {
        for (std::int64_t x = 0; x < out.shape[2]; ++x) {
          read_taps(op, at, y, x, taps);
          resize_pixel(op, taps, at.input + n * op.input.stride[0],
                       at.output + n * out.stride[0] + y * out.stride[1] + x * out.stride[2]);
        }
      }
    }
  }
};

}  // namespace chengying::chip
