// MatMul over a lane set S. A tile is some rows of a by some vectors of columns of b, all sums in registers:
// each lane is the chain of one output. b passes in panels of kTileVectors vectors, packed so that each step
// of k is contiguous, or as it lies where that is contiguous already and too few rows pass to earn the
// packing. u8 operands are packed as pairs of i16, zero points taken off, two steps of k to a lane.
#pragma once

#include "chip/kernels/matmul_panels.h"
#include "chip/kernels/unrolled.h"

namespace chengying::chip {

template <class S>
struct Multiplying {
  using F = typename S::F;
  using I = typename S::I;
  using L = exact::Lanes<F>;
  using Panels = MatMulPanels<S>;
  static constexpr int kRows = 6;
  static constexpr int kWidth = S::kWidth;

  /// What a panel holds, and how a step of k adds to the sums.
  struct Floats {
    using Sum = F;
    static constexpr int kSize = 4;  // bytes of a column's step
    static F zero() { return L::set(0.0F); }
    static F load(const std::byte* at) { return S::load(at); }
    static F repeat(const std::byte* at) {
      float x;
      __builtin_memcpy(&x, at, sizeof x);
      return L::set(x);
    }
    static F add_product(F x, F w, F sum) { return L::fma(x, w, sum); }
    static F finished(F sum) { return sum; }
  };
  struct Halves : Floats {
    static constexpr int kSize = 2;
    static F load(const std::byte* at) { return S::load_bf16(at); }
  };
  struct Pairs {
    using Sum = I;
    static constexpr int kSize = 4;
    static I zero() { return L::set_int(0); }
    static I load(const std::byte* at) { return S::load_int(at); }
    static I repeat(const std::byte* at) {
      std::int32_t x;
      __builtin_memcpy(&x, at, sizeof x);
      return L::set_int(x);
    }
    static I add_product(I x, I w, I sum) { return S::add_pair_products(sum, x, w); }
    static F finished(I sum) { return L::to_float(sum); }
  };

  /// Rows of a and the outputs that belong to them, from the current product and panel on.
  struct Job {
    const isa::MatMul* op = nullptr;
    const std::byte *a = nullptr, *b = nullptr, *addend = nullptr;
    std::byte* out = nullptr;
    std::int64_t row_a = 0, step_a = 0, step_b = 0, steps = 0;  // bytes; and products in a chain
    std::int64_t columns = 0;                                   // of the panel, that are real
    bool bounded = false;
  };

  static void finish(const Job& job, std::int64_t row, std::int64_t column, F sum) {
    const isa::MatMul& op = *job.op;
    const std::int64_t left = job.columns - column, step = op.output.stride[3];
    std::byte* out = job.out + row * op.output.stride[2] + column * step;
    F t = sum * L::set(op.scale);
    if (op.output.dtype == DType::kU8) {
      t = exact::clamp<F>(t, L::set(op.low), L::set(op.high));
      return store_u8s<S>(out, step, left, requantise<S>(t, op.output_zero_point, 0, 255));
    }
    if (op.addend) {
      const auto& stride = op.addend->stride;
      t = t + load_floats<S>(job.addend + row * stride[2] + column * stride[3], stride[3], left);
    }
    if (job.bounded) t = exact::clamp<F>(t, L::set(op.low), L::set(op.high));
    store_floats<S>(out, step, left, exact::canonical<F>(t));
  }

  /// P rows from `row` on by V vectors from `column` of the panel on.
  template <class Kind, int P, int V>
  static void tile(const Job& job, std::int64_t row, std::int64_t column) {
    typename Kind::Sum sums[P][V];
    const std::byte* rows[P];
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      rows[p] = job.a + (row + p) * job.row_a;
      unrolled<V>([&](auto v) CHENGYING_INLINE { sums[p][v] = Kind::zero(); });
    });
    const std::byte* b = job.b + column * Kind::kSize;
    std::int64_t at = 0;
    for (std::int64_t step = 0; step < job.steps; ++step, at += job.step_a, b += job.step_b) {
      typename Kind::Sum w[V];
      unrolled<V>([&](auto v) CHENGYING_INLINE { w[v] = Kind::load(b + v * kWidth * Kind::kSize); });
      unrolled<P>([&](auto p) CHENGYING_INLINE {
        const auto x = Kind::repeat(rows[p] + at);
        unrolled<V>([&](auto v) CHENGYING_INLINE { sums[p][v] = Kind::add_product(x, w[v], sums[p][v]); });
      });
    }
    typename Kind::Sum done[P][V];  // kept apart from the loop's sums, which stay in registers
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      unrolled<V>([&](auto v) CHENGYING_INLINE { done[p][v] = sums[p][v]; });
    });
    for (int p = 0; p < P; ++p) {
      for (int v = 0; v < V; ++v) {
        const std::int64_t from = column + v * kWidth;
        if (from < job.columns) finish(job, row + p, from, Kind::finished(done[p][v]));
      }
    }
  }

  template <class Kind, int V>
  static void rows_by(const Job& job, std::int64_t rows, std::int64_t column) {
    using Tile = void (*)(const Job&, std::int64_t, std::int64_t);
    static constexpr Tile kTiles[kRows] = {tile<Kind, 1, V>, tile<Kind, 2, V>, tile<Kind, 3, V>,
                                           tile<Kind, 4, V>, tile<Kind, 5, V>, tile<Kind, 6, V>};
    const std::int64_t pieces = (rows + kRows - 1) / kRows;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t from = rows * piece / pieces, to = rows * (piece + 1) / pieces;
      kTiles[to - from - 1](job, from, column);
    }
  }

  /// All rows by one panel.
  template <class Kind>
  static void multiply(const Job& job, std::int64_t rows) {
    constexpr int kAll = S::kTileVectors;
    if (job.columns > (kAll - 1) * kWidth) return rows_by<Kind, kAll>(job, rows, 0);
    for (std::int64_t column = 0; column < job.columns; column += kWidth) rows_by<Kind, 1>(job, rows, column);
  }

  /// `rows` rows of one product of the batch, whose first elements the job has.
  static void product(Job job, std::int64_t rows) {
    const isa::MatMul& op = *job.op;
    const bool is_u8 = op.a.dtype == DType::kU8;
    const auto size_b = static_cast<std::int64_t>(size_of(op.b.dtype));
    constexpr std::int64_t kColumns = Panels::kColumns, kEnoughRows = 16;
    const Job first = job;
    job.steps = op.a.shape[3];
    job.row_a = op.a.stride[2];
    job.step_a = op.a.stride[3];
    if (is_u8) {
      job.steps = (job.steps + 1) / 2;
      job.a = Panels::pack_rows(op, first.a, rows);
      job.row_a = 4 * job.steps;
      job.step_a = 4;
    }
    for (std::int64_t column = 0; column < op.b.shape[3]; column += kColumns) {
      job.columns = std::min(op.b.shape[3] - column, kColumns);
      job.out = first.out + column * op.output.stride[3];
      if (op.addend) job.addend = first.addend + column * op.addend->stride[3];
      const std::byte* b = first.b + column * op.b.stride[3];
      const bool as_it_lies =
          !is_u8 && op.b.stride[3] == size_b && job.columns == kColumns && rows < kEnoughRows;
      job.b = as_it_lies ? b : Panels::pack(op, b, job.columns);
      job.step_b = as_it_lies ? op.b.stride[2] : 4 * kColumns;
      if (is_u8) {
        multiply<Pairs>(job, rows);
      } else if (as_it_lies && op.b.dtype == DType::kBF16) {
        multiply<Halves>(job, rows);
      } else {
        multiply<Floats>(job, rows);
      }
    }
  }

  static void matmul(const isa::MatMul& op, const Operands& at) {
    // So many packed rows of u8 stay in the cache; rows of f32 are read where they are.
    const std::int64_t m = op.a.shape[2], group = op.a.dtype == DType::kU8 ? 384 : m;
    Job job;
    job.op = &op;
    job.bounded = op.low > -exact::kInf || op.high < exact::kInf;
    const auto offset = [](const isa::View& view, std::int64_t x, std::int64_t y, std::int64_t row) {
      return x * view.stride[0] + y * view.stride[1] + row * view.stride[2];
    };
    for (std::int64_t x = 0; x < op.output.shape[0]; ++x) {
      for (std::int64_t y = 0; y < op.output.shape[1]; ++y) {
        for (std::int64_t row = 0; row < m; row += group) {
          job.a = at.input + offset(op.a, x, y, row);
          job.b = at.second + offset(op.b, x, y, 0);
          job.out = at.output + offset(op.output, x, y, row);
          if (op.addend) job.addend = at.third + offset(*op.addend, x, y, row);
          product(job, std::min(m - row, group));
        }
      }
    }
  }
};

}  // namespace chengying::chip
