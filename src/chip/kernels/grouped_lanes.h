// GroupedMatMul over a lane set S. Rows are quantised once into scratch; then up to four rows pass by each
// block of 16 output channels, whose weights are read once: each lane holds the sum of one output's group.
#pragma once

#include <algorithm>

#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "chip/kernels/unrolled.h"
#include "isa/packing.h"
#include "reference/execute.h"
#include "reference/quantise_group.h"

namespace chengying::chip {

template <class S>
struct GroupedMultiplying {
  using F = typename S::F;
  using I = typename S::I;
  using L = exact::Lanes<F>;
  static constexpr int kWidth = S::kWidth;
  static constexpr int kVectors = 16 / kWidth;
  static constexpr std::int64_t kRows = 4, kRowsAtOnce = 64;

  /// A row in whole numbers: k bytes, then the step and the sum of each group.
  struct Row {
    std::byte* q = nullptr;
    float* steps = nullptr;
    std::int32_t* sums = nullptr;
    const std::byte* in = nullptr;
    std::byte* out = nullptr;
  };

  static void quantise(const isa::GroupedMatMul& op, const Row& row) {
    for (std::int64_t g = 0; g < op.input.shape[3] / op.group; ++g) {
      const std::byte* from = row.in + 4 * g * op.group;
      F lanes = L::set(0.0F);
      for (std::int64_t i = 0; i < op.group; i += kWidth) {
        const F x = load_floats<S>(from + 4 * i, 4, op.group - i);
        lanes = exact::at_least<F>(exact::absolute<F>(x), lanes);
      }
      float largest = 0;
      for (int j = 0; j < kWidth; ++j) largest = exact::at_least<float>(lanes[j], largest);
      row.steps[g] = largest / 127.0F;
      const F step = L::set(row.steps[g]);
      I sum = L::set_int(0);
      for (std::int64_t i = 0; i < op.group; i += kWidth) {
        const F x = load_floats<S>(from + 4 * i, 4, op.group - i);
        const I q = S::round(reference::quantised_value<F>(x, step));
        store_u8s<S>(row.q + g * op.group + i, 1, op.group - i, q & L::set_int(255));
        sum = sum + q;  // what lies behind the group is 0
      }
      row.sums[g] = 0;
      for (int j = 0; j < kWidth; ++j) row.sums[g] += sum[j];
    }
  }

  static I repeat(const std::byte* at) {
    std::int32_t x;
    __builtin_memcpy(&x, at, sizeof x);
    return L::set_int(x);
  }

  /// Adds the products of one group to the whole numbers' sums.
  template <int P, bool kFour>
  static void add_group(const isa::GroupedMatMul& op, const Row* rows, std::int64_t g,
                        const std::byte* weights, I (&parts)[P][kVectors]) {
    constexpr std::int64_t kPer = kFour ? 8 : 4;
    for (std::int64_t i = 0; i < op.group; i += kPer, weights += 64) {
      const std::int64_t at = g * op.group + i;
      unrolled<kVectors>([&](auto v) CHENGYING_INLINE {
        const I w = S::load_int(weights + v * kWidth * 4);
        const I low = kFour ? w & L::set_int(0x0f0f0f0f) : w;
        const I high = w >> 4 & L::set_int(0x0f0f0f0f);
        unrolled<P>([&](auto p) CHENGYING_INLINE {
          parts[p][v] = S::add_quad_products(parts[p][v], low, repeat(rows[p].q + at));
          if constexpr (kFour)
            parts[p][v] = S::add_quad_products(parts[p][v], high, repeat(rows[p].q + at + 4));
        });
      });
    }
  }

  template <int P, bool kFour>
  static void tile(const isa::GroupedMatMul& op, const Operands& at, const Row* rows, std::int64_t channel) {
    const std::int64_t groups = op.input.shape[3] / op.group, n = op.output.shape[3];
    const std::int64_t padded = (n + 15) / 16 * 16, group_bytes = std::int64_t{op.group} * 16 * op.bits / 8;
    const std::byte* weights = at.weights + channel / 16 * groups * group_bytes;
    F sums[P][kVectors];
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      unrolled<kVectors>(
          [&](auto v) CHENGYING_INLINE { sums[p][v] = S::load(at.init + 4 * (channel + v * kWidth)); });
    });
    for (std::int64_t g = 0; g < groups; ++g, weights += group_bytes) {
      I parts[P][kVectors];
      unrolled<P>([&](auto p) CHENGYING_INLINE {
        const std::int32_t offset = isa::grouped_offset(op.bits) * rows[p].sums[g];
        unrolled<kVectors>([&](auto v) CHENGYING_INLINE { parts[p][v] = L::set_int(-offset); });
      });
      add_group<P, kFour>(op, rows, g, weights, parts);
      unrolled<kVectors>([&](auto v) CHENGYING_INLINE {
        const F scale = S::load(at.scale + 4 * (g * padded + channel + v * kWidth));
        unrolled<P>([&](auto p) CHENGYING_INLINE {
          sums[p][v] = L::fma(L::to_float(parts[p][v]), L::set(rows[p].steps[g]) * scale, sums[p][v]);
        });
      });
    }
    for (int p = 0; p < P; ++p) {
      for (int v = 0; v < kVectors; ++v) finish(op, rows[p], channel + v * kWidth, sums[p][v]);
    }
  }

  static void finish(const isa::GroupedMatMul& op, const Row& row, std::int64_t channel, F t) {
    const std::int64_t left = op.output.shape[3] - channel;
    if (left <= 0) return;
    if (op.low > -exact::kInf || op.high < exact::kInf)
      t = exact::clamp<F>(t, L::set(op.low), L::set(op.high));
    store_floats<S>(row.out + 4 * channel, 4, left, exact::canonical<F>(t));
  }

  template <bool kFour>
  static void rows_by_blocks(const isa::GroupedMatMul& op, const Operands& at, const Row* rows,
                             std::int64_t count) {
    using Tile = void (*)(const isa::GroupedMatMul&, const Operands&, const Row*, std::int64_t);
    static constexpr Tile kTiles[kRows] = {tile<1, kFour>, tile<2, kFour>, tile<3, kFour>, tile<4, kFour>};
    for (std::int64_t channel = 0; channel < op.output.shape[3]; channel += 16) {
      for (std::int64_t row = 0; row < count; row += kRows)
        kTiles[std::min(count - row, kRows) - 1](op, at, rows + row, channel);
    }
  }

  static void grouped_matmul(const isa::GroupedMatMul& op, const Operands& at) {
    const auto& shape = op.output.shape;
    const std::int64_t all = std::int64_t{shape[0]} * shape[1] * shape[2], k = op.input.shape[3];
    const std::int64_t groups = k / op.group, row_bytes = k + 8 * groups;
    auto* memory =
        scratch(ScratchSlot::kWorking, static_cast<std::size_t>(std::min(all, kRowsAtOnce) * row_bytes));
    Row rows[kRowsAtOnce];
    const auto offset = [&](const isa::View& view, std::int64_t row) {
      return row / shape[2] / shape[1] * view.stride[0] + row / shape[2] % shape[1] * view.stride[1] +
             row % shape[2] * view.stride[2];
    };
    for (std::int64_t done = 0; done < all; done += kRowsAtOnce) {
      const std::int64_t count = std::min(all - done, kRowsAtOnce);
      for (std::int64_t r = 0; r < count; ++r) {
        std::byte* own = memory + r * row_bytes;
        rows[r] = {own, reinterpret_cast<float*>(own + k),
                   reinterpret_cast<std::int32_t*>(own + k + 4 * groups),
                   at.input + offset(op.input, done + r), at.output + offset(op.output, done + r)};
        quantise(op, rows[r]);
      }
      if (op.bits == 4) {
        rows_by_blocks<true>(op, at, rows, count);
      } else {
        rows_by_blocks<false>(op, at, rows, count);
      }
    }
  }
};

}  // namespace chengying::chip
