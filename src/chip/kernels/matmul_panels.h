// Panels of MatMul's b, and rows of its u8 a, packed into this thread's scratch.
#pragma once

#include <algorithm>
#include <cstring>

#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "isa/instruction.h"
#include "reference/execute.h"

namespace chengying::chip {

template <class S>
struct MatMulPanels {
  static constexpr std::int64_t kWidth = S::kWidth;
  static constexpr std::int64_t kColumns = kWidth * S::kTileVectors;

  /// [steps of k][kColumns] of f32, or of pairs of i16; what is missing is 0.
  static const std::byte* pack(const isa::MatMul& op, const std::byte* b, std::int64_t columns) {
    const std::int64_t k = op.b.shape[2], steps = op.b.dtype == DType::kU8 ? (k + 1) / 2 : k;
    auto* panel = scratch(ScratchSlot::kWorking, static_cast<std::size_t>(steps * kColumns * 4));
    if (columns < kColumns) std::memset(panel, 0, static_cast<std::size_t>(steps * kColumns * 4));
    const std::int64_t step = op.b.stride[2], across = op.b.stride[3];
    switch (op.b.dtype) {
      case DType::kU8:
        pack_pairs(panel, b, step, across, k, columns, op.b_zero_point);
        break;
      case DType::kBF16:
        pack_bf16(panel, b, step, across, k, columns);
        break;
      default:
        if (across == 4) {
          copy_floats(panel, b, step, k, columns);
        } else {
          transpose_floats(panel, b, step, across, k, columns);
        }
    }
    return panel;
  }

  /// [rows][pairs of k] of i16, zero point taken off; what is missing is 0.
  static const std::byte* pack_rows(const isa::MatMul& op, const std::byte* a, std::int64_t rows) {
    const std::int64_t k = op.a.shape[3], pairs = (k + 1) / 2, step = op.a.stride[3];
    auto* packed = scratch(ScratchSlot::kPaddedInput, static_cast<std::size_t>(rows * pairs * 4));
    const auto zero = static_cast<std::int16_t>(op.a_zero_point);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::byte* from = a + row * op.a.stride[2];
      std::byte* to = packed + row * pairs * 4;
      for (std::int64_t i = 0; i < k; ++i) store_i16(to + 2 * i, from[i * step], zero);
      if (k % 2 != 0) std::memset(to + 2 * k, 0, 2);
    }
    return packed;
  }

 private:
  static void store_i16(std::byte* to, std::byte q, std::int16_t zero) {
    const auto wide = static_cast<std::int16_t>(static_cast<std::int16_t>(q) - zero);
    std::memcpy(to, &wide, 2);
  }

  static void pack_pairs(std::byte* panel, const std::byte* b, std::int64_t step, std::int64_t across,
                         std::int64_t k, std::int64_t columns, std::int32_t zero_point) {
    const auto zero = static_cast<std::int16_t>(zero_point);
    for (std::int64_t i = 0; i < k; ++i) {
      std::byte* to = panel + i / 2 * kColumns * 4 + i % 2 * 2;
      const std::byte* from = b + i * step;
      for (std::int64_t c = 0; c < columns; ++c) store_i16(to + 4 * c, from[c * across], zero);
    }
    if (k % 2 == 0) return;
    std::byte* last = panel + k / 2 * kColumns * 4 + 2;
    for (std::int64_t c = 0; c < columns; ++c) std::memset(last + 4 * c, 0, 2);
  }

  static void pack_bf16(std::byte* panel, const std::byte* b, std::int64_t step, std::int64_t across,
                        std::int64_t k, std::int64_t columns) {
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t c = 0; c < columns; c += kWidth) {
        const auto x = load_part<S, 2>(b + i * step + c * across, across, columns - c,
                                       [](const std::byte* at) { return S::load_bf16(at); });
        S::store(panel + (i * kColumns + c) * 4, x);
      }
    }
  }

  static void copy_floats(std::byte* panel, const std::byte* b, std::int64_t step, std::int64_t k,
                          std::int64_t columns) {
    const std::int64_t whole = columns == kColumns ? kColumns : 0;
    for (std::int64_t i = 0; i < k; ++i, panel += kColumns * 4, b += step) {
      for (std::int64_t c = 0; c < whole; c += kWidth) S::store(panel + 4 * c, S::load(b + 4 * c));
      if (whole == 0) std::memcpy(panel, b, static_cast<std::size_t>(columns) * 4);
    }
  }

  /// Four columns by four steps at a time where the steps are contiguous; the rest one by one.
  static void transpose_floats(std::byte* panel, const std::byte* b, std::int64_t step, std::int64_t across,
                               std::int64_t k, std::int64_t columns) {
    const std::int64_t blocks_k = step == 4 ? k / 4 * 4 : 0, blocks_c = columns / 4 * 4;
    for (std::int64_t i = 0; i < blocks_k; i += 4) {
      for (std::int64_t c = 0; c < blocks_c; c += 4)
        transpose_block(panel + (i * kColumns + c) * 4, b + i * 4 + c * across, across);
    }
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t c = i < blocks_k ? blocks_c : 0; c < columns; ++c)
        std::memcpy(panel + (i * kColumns + c) * 4, b + i * step + c * across, 4);
    }
  }

  static void transpose_block(std::byte* to, const std::byte* from, std::int64_t across) {
    using Quad = float __attribute__((vector_size(16)));
    Quad in[4];
    for (std::int64_t c = 0; c < 4; ++c) std::memcpy(&in[c], from + c * across, 16);
    const Quad low01 = __builtin_shufflevector(in[0], in[1], 0, 4, 1, 5);
    const Quad low23 = __builtin_shufflevector(in[2], in[3], 0, 4, 1, 5);
    const Quad high01 = __builtin_shufflevector(in[0], in[1], 2, 6, 3, 7);
    const Quad high23 = __builtin_shufflevector(in[2], in[3], 2, 6, 3, 7);
    const Quad out[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                         __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                         __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                         __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
    for (std::int64_t i = 0; i < 4; ++i) std::memcpy(to + i * kColumns * 4, &out[i], 16);
  }
};

}  // namespace chengying::chip
