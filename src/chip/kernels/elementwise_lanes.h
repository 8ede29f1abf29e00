// Unary, Binary, Lut, Convert, Copy, Softmax and Reduce over a lane set S. What no lane does better (pow,
// rare formats, reductions along the innermost dimension) is the reference itself.
#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "chip/kernels/partial_sums.h"
#include "chip/kernels/rows.h"
#include "chip/kernels/strided.h"
#include "isa/instruction.h"
#include "reference/execute.h"
#include "reference/functions.h"

namespace chengying::chip {

template <class S>
struct Elementwise {
  using F = typename S::F;
  using I = typename S::I;
  using L = exact::Lanes<F>;
  static constexpr std::int64_t kWidth = S::kWidth;

  template <isa::UnaryKind kKind>
  static void unary_of(const isa::Unary& op, const Operands& at) {
    const Rows<S, 2> rows({&op.output, &op.input});
    const F alpha = L::set(op.alpha), beta = L::set(op.beta);
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      std::byte* out = at.output + offset[0];
      const std::byte* in = at.input + offset[1];
      const auto [step_out, step_in] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); i += kWidth) {
        const std::int64_t left = rows.count() - i;
        const F x = load_floats<S>(in + i * step_in, step_in, left);
        const F y = reference::unary_value<kKind, F>(x, alpha, beta);
        store_floats<S>(out + i * step_out, step_out, left, exact::canonical<F>(y));
      }
    });
  }

  static void unary(const isa::Unary& op, const Operands& at) {
    static constexpr auto kTable = unary_table(std::make_index_sequence<isa::kUnaryKindCount>{});
    kTable[static_cast<std::size_t>(op.kind)](op, at);
  }

  template <isa::BinaryKind kKind>
  static void binary_f32(const isa::Binary& op, const Operands& at) {
    const Rows<S, 3> rows({&op.output, &op.a, &op.b});
    const F low = L::set(op.low), high = L::set(op.high);
    const bool bounded = op.low > -exact::kInf || op.high < exact::kInf;
    rows.for_each([&](const std::array<std::int64_t, 3>& offset) {
      const auto [step, step_a, step_b] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); i += kWidth) {
        const std::int64_t left = rows.count() - i;
        const F a = load_floats<S>(at.input + offset[1] + i * step_a, step_a, left);
        const F b = load_floats<S>(at.second + offset[2] + i * step_b, step_b, left);
        F t = reference::binary_value<kKind, F>(a, b);
        if (bounded) t = exact::clamp<F>(t, low, high);
        store_floats<S>(at.output + offset[0] + i * step, step, left, exact::canonical<F>(t));
      }
    });
  }

  template <isa::BinaryKind kKind>
  static void binary_u8(const isa::Binary& op, const Operands& at) {
    const Rows<S, 3> rows({&op.output, &op.a, &op.b});
    const F low = L::set(op.low), high = L::set(op.high);
    const F a_scale = L::set(op.a_scale), b_scale = L::set(op.b_scale);
    const I a_zero = L::set_int(op.a_zero_point), b_zero = L::set_int(op.b_zero_point);
    rows.for_each([&](const std::array<std::int64_t, 3>& offset) {
      const auto [step, step_a, step_b] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); i += kWidth) {
        const std::int64_t left = rows.count() - i;
        const I a = load_u8s<S>(at.input + offset[1] + i * step_a, step_a, left);
        const I b = load_u8s<S>(at.second + offset[2] + i * step_b, step_b, left);
        const F t = reference::binary_value<kKind, F>(L::to_float(a - a_zero) * a_scale,
                                                      L::to_float(b - b_zero) * b_scale);
        const I q = requantise<S>(exact::clamp<F>(t, low, high), op.output_zero_point, 0, 255);
        store_u8s<S>(at.output + offset[0] + i * step, step, left, q);
      }
    });
  }

  static void binary(const isa::Binary& op, const Operands& at) {
    using enum isa::BinaryKind;
    if (op.output.dtype == DType::kI32 || op.output.dtype == DType::kI64) return reference::binary(op, at);
    const bool is_f32 = op.output.dtype == DType::kF32;
    switch (op.kind) {
      case kAdd:
        return is_f32 ? binary_f32<kAdd>(op, at) : binary_u8<kAdd>(op, at);
      case kSub:
        return is_f32 ? binary_f32<kSub>(op, at) : binary_u8<kSub>(op, at);
      case kMul:
        return is_f32 ? binary_f32<kMul>(op, at) : binary_u8<kMul>(op, at);
      case kDiv:
        return is_f32 ? binary_f32<kDiv>(op, at) : binary_u8<kDiv>(op, at);
      case kMax:
        return is_f32 ? binary_f32<kMax>(op, at) : binary_u8<kMax>(op, at);
      case kMin:
        return is_f32 ? binary_f32<kMin>(op, at) : binary_u8<kMin>(op, at);
      case kPow:
        return reference::binary(op, at);
    }
  }

  static void lut(const isa::Lut& op, const Operands& at) {
    const Rows<S, 2> rows({&op.output, &op.input});
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      std::byte* out = at.output + offset[0];
      const std::byte* in = at.input + offset[1];
      const auto [step_out, step_in] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); ++i) {
        out[i * step_out] = at.table[static_cast<std::uint8_t>(in[i * step_in])];
      }
    });
  }

  template <std::size_t kSize>
  static void copy_of(const Rows<S, 2>& rows, const Operands& at) {
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      std::byte* out = at.output + offset[0];
      const std::byte* in = at.input + offset[1];
      const auto [step_out, step_in] = rows.inner();
      if (step_out == kSize && step_in == kSize) {
        std::memcpy(out, in, static_cast<std::size_t>(rows.count()) * kSize);
        return;
      }
      for (std::int64_t i = 0; i < rows.count(); ++i)
        std::memcpy(out + i * step_out, in + i * step_in, kSize);
    });
  }

  static void copy(const isa::Copy& op, const Operands& at) {
    const Rows<S, 2> rows({&op.destination, &op.source});
    switch (size_of(op.source.dtype)) {
      case 1:
        return copy_of<1>(rows, at);
      case 2:
        return copy_of<2>(rows, at);
      case 4:
        return copy_of<4>(rows, at);
      default:
        return copy_of<8>(rows, at);
    }
  }

  /// Planes to pixels of 2 to 4 bytes, 4 apart: how images come in.
  static bool is_planes_to_pixels(const isa::Convert& op) {
    return op.output.shape[3] >= 2 && op.output.shape[3] <= 4 && op.output.stride[3] == 1 &&
           op.output.stride[2] == 4 && op.input.stride[2] == 4;
  }

  static void quantise_pixels(const isa::Convert& op, const Operands& at) {
    const auto& shape = op.output.shape;
    const bool is_signed = op.output.dtype == DType::kI8;
    const std::int32_t low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    const F scale = L::set(op.scale);
    for (std::int64_t row = 0; row < std::int64_t{shape[0]} * shape[1]; ++row) {
      const std::int64_t n = row / shape[1], y = row % shape[1];
      const std::byte* in = at.input + n * op.input.stride[0] + y * op.input.stride[1];
      std::byte* out = at.output + n * op.output.stride[0] + y * op.output.stride[1];
      for (std::int64_t x = 0; x < shape[2]; x += kWidth) {
        I pixels{};
        for (int c = 0; c < shape[3]; ++c) {
          const F plane = load_floats<S>(in + c * op.input.stride[3] + 4 * x, 4, shape[2] - x);
          pixels |= (requantise<S>(plane / scale, op.zero_point, low, high) & L::set_int(255)) << 8 * c;
        }
        S::store_pixels(out + 4 * x, pixels, shape[2] - x, shape[3]);
      }
    }
  }

  static void quantise(const isa::Convert& op, const Operands& at) {
    if (is_planes_to_pixels(op)) return quantise_pixels(op, at);
    const Rows<S, 2> rows({&op.output, &op.input});
    const bool is_signed = op.output.dtype == DType::kI8;
    const std::int32_t low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    const F scale = L::set(op.scale);
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      const auto [step_out, step_in] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); i += kWidth) {
        const std::int64_t left = rows.count() - i;
        const F x = load_floats<S>(at.input + offset[1] + i * step_in, step_in, left);
        const I q = requantise<S>(x / scale, op.zero_point, low, high) & L::set_int(255);
        store_u8s<S>(at.output + offset[0] + i * step_out, step_out, left, q);
      }
    });
  }

  template <int kSize, class Load>
  static void dequantise(const isa::Convert& op, const Operands& at, Load load) {
    const Rows<S, 2> rows({&op.output, &op.input});
    const F scale = L::set(op.scale);
    const auto zero_point = static_cast<std::uint32_t>(op.zero_point);
    using U = typename S::U;
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      const auto [step_out, step_in] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); i += kWidth) {
        const std::int64_t left = rows.count() - i;
        const I q = load_part<S, kSize>(at.input + offset[1] + i * step_in, step_in, left, load);
        const F y = L::to_float(reinterpret_cast<I>(reinterpret_cast<U>(q) - zero_point)) * scale;
        store_floats<S>(at.output + offset[0] + i * step_out, step_out, left, exact::canonical<F>(y));
      }
    });
  }

  static void convert(const isa::Convert& op, const Operands& at) {
    const DType in = op.input.dtype, out = op.output.dtype;
    if (in == DType::kF32 && (out == DType::kU8 || out == DType::kI8)) return quantise(op, at);
    if (out == DType::kF32 && in == DType::kU8) {
      return dequantise<1>(op, at, [](const std::byte* p) { return S::load_u8(p); });
    }
    if (out == DType::kF32 && in == DType::kI8) {
      return dequantise<1>(op, at, [](const std::byte* p) { return S::load_i8(p); });
    }
    if (out == DType::kF32 && in == DType::kI32) {
      return dequantise<4>(op, at, [](const std::byte* p) { return S::load_int(p); });
    }
    reference::convert(op, at);
  }

  static void softmax_row(const isa::Softmax& op, const std::byte* in, std::byte* out) {
    const std::int64_t n = op.input.shape[3], step_in = op.input.stride[3], step_out = op.output.stride[3];
    F largest_lanes = L::set(-exact::kInf);
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const F x = load_floats<S>(in + i * step_in, step_in, n - i, -exact::kInf);
      largest_lanes = exact::at_least<F>(x, largest_lanes);
    }
    float largest = -exact::kInf;
    for (std::int64_t j = 0; j < kWidth; ++j) largest = exact::at_least<float>(largest_lanes[j], largest);
    largest += 0.0F;
    const F shift = L::set(largest);
    const float total = sum_of_16<S>(n, [&](F so_far, std::int64_t i) {
      const F e = exact::exp<F>(load_floats<S>(in + i * step_in, step_in, n - i) - shift);
      if (!op.log) store_floats<S>(out + i * step_out, step_out, n - i, e);  // to be divided below
      return so_far + keep_first<S>(e, n - i);
    });
    const F sum = L::set(total), log_sum = L::set(op.log ? exact::log<float>(total) : 0.0F);
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const F y = op.log ? load_floats<S>(in + i * step_in, step_in, n - i) - shift - log_sum
                         : load_floats<S>(out + i * step_out, step_out, n - i) / sum;
      store_floats<S>(out + i * step_out, step_out, n - i, exact::canonical<F>(y));
    }
  }

  static void softmax(const isa::Softmax& op, const Operands& at) {
    isa::View in = op.input, out = op.output;
    in.shape[3] = out.shape[3] = 1;
    const Rows<S, 2> rows({&out, &in});
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      for (std::int64_t i = 0; i < rows.count(); ++i) {
        softmax_row(op, at.input + offset[1] + i * rows.inner()[1],
                    at.output + offset[0] + i * rows.inner()[0]);
      }
    });
  }

  /// Outputs side by side: each lane is the chain of one.
  template <isa::ReduceKind kKind>
  static void reduce_of(const isa::Reduce& op, const Operands& at) {
    std::array<std::int64_t, 3> over{};
    for (std::size_t d = 0; d < 3; ++d) over[d] = op.output.shape[d] == 1 ? op.input.shape[d] : 1;
    const F count = L::set(static_cast<float>(over[0] * over[1] * over[2]));
    for (std::int64_t row = 0;
         row < std::int64_t{op.output.shape[0]} * op.output.shape[1] * op.output.shape[2]; ++row) {
      const std::array<std::int64_t, 3> o = {row / op.output.shape[2] / op.output.shape[1],
                                             row / op.output.shape[2] % op.output.shape[1],
                                             row % op.output.shape[2]};
      const auto offset = [](const isa::View& view, const std::array<std::int64_t, 3>& i) {
        return i[0] * view.stride[0] + i[1] * view.stride[1] + i[2] * view.stride[2];
      };
      const std::int64_t n = op.output.shape[3], step_in = op.input.stride[3], step_out = op.output.stride[3];
      for (std::int64_t c = 0; c < n; c += kWidth) {
        const std::byte* first = at.input + offset(op.input, o) + c * step_in;
        constexpr bool kExtreme = kKind == isa::ReduceKind::kMax || kKind == isa::ReduceKind::kMin;
        F value = kExtreme ? load_floats<S>(first, step_in, n - c) : L::set(0.0F);
        std::array<std::int64_t, 3> i{};
        for (i[0] = 0; i[0] < over[0]; ++i[0]) {
          for (i[1] = 0; i[1] < over[1]; ++i[1]) {
            for (i[2] = 0; i[2] < over[2]; ++i[2]) {
              value = accumulate<kKind>(value, load_floats<S>(first + offset(op.input, i), step_in, n - c));
            }
          }
        }
        if (kKind == isa::ReduceKind::kMean) value = value / count;
        store_floats<S>(at.output + offset(op.output, o) + c * step_out, step_out, n - c,
                        exact::canonical<F>(value));
      }
    }
  }

  static void reduce(const isa::Reduce& op, const Operands& at) {
    using enum isa::ReduceKind;
    if (op.output.shape[3] == 1) return reference::reduce(op, at);
    switch (op.kind) {
      case kSum:
        return reduce_of<kSum>(op, at);
      case kMean:
        return reduce_of<kMean>(op, at);
      case kMax:
        return reduce_of<kMax>(op, at);
      case kMin:
        return reduce_of<kMin>(op, at);
      case kSumOfSquares:
        return reduce_of<kSumOfSquares>(op, at);
    }
  }

 private:
  template <std::size_t... kKinds>
  static constexpr auto unary_table(std::index_sequence<kKinds...>) {
    return std::array<void (*)(const isa::Unary&, const Operands&), sizeof...(kKinds)>{
        &unary_of<isa::UnaryKind{kKinds}>...};
  }

  template <isa::ReduceKind kKind>
  static F accumulate(F so_far, F x) {
    using enum isa::ReduceKind;
    if constexpr (kKind == kSum || kKind == kMean) return so_far + x;
    if constexpr (kKind == kSumOfSquares) return L::fma(x, x, so_far);
    if constexpr (kKind == kMax) return exact::at_least<F>(x, so_far);
    if constexpr (kKind == kMin) return exact::at_most<F>(x, so_far);
  }
};

}  // namespace chengying::chip
