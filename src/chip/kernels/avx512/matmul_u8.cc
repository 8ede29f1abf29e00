// u8 by u8 MatMul with AVX-512 VNNI, four products to a lane: a as it is, b less 128, which makes it signed.
// What that leaves out depends on one row or one column only, and is where each sum begins:
//   sum of (a - za)(b - zb) = sum of a (b - 128)  +  (128 - zb) * sum of a  -  za * sum of (b - zb)
// modulo 2^32. A panel of b is 64 columns, packed as [steps of 4 of k][64][4] bytes; a tile is up to 6 rows
// by the panel, as in conv_u8.cc.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/matmul_lanes.h"

namespace chengying::chip::avx512 {
namespace {

using Multiply = Multiplying<Avx512>;

constexpr int kRows = 6, kVectors = 4;
constexpr std::int64_t kColumns = 16 * kVectors, kStepBytes = 4 * kColumns, kRowsAtOnce = 384;
constexpr auto kFlip = std::byte{0x80};  // q - 128 in two's complement

/// One product of the batch: its operands' first elements, and what is the same for all its panels.
struct Product {
  Multiply::Job job;  // a, out, addend: of the first row and column
  const isa::MatMul* op = nullptr;
  std::int64_t rows = 0, steps = 0;
  const std::int32_t* row_starts = nullptr;  // (128 - zb) * sum of a
  const std::byte* panel = nullptr;
  alignas(64) std::int32_t column_starts[kColumns] = {};  // - za * sum of (b - zb)
};

/// Rows of a where steps of 4 bytes can be read: as they lie if they are such, else packed; and their sums.
void take_rows(Product& product) {
  const isa::MatMul& op = *product.op;
  const std::int64_t k = op.a.shape[3], step = op.a.stride[3], padded = 4 * product.steps;
  const bool as_they_lie = step == 1 && k % 4 == 0;
  const std::int64_t starts_bytes = (4 * product.rows + 63) / 64 * 64;
  auto* memory = scratch(ScratchSlot::kPaddedInput,
                         static_cast<std::size_t>(starts_bytes + (as_they_lie ? 0 : product.rows * padded)));
  auto* starts = reinterpret_cast<std::int32_t*>(memory);
  std::byte* packed = memory + starts_bytes;
  for (std::int64_t row = 0; row < product.rows; ++row) {
    const std::byte* from = product.job.a + row * op.a.stride[2];
    if (!as_they_lie) {
      std::byte* to = packed + row * padded;
      for (std::int64_t i = 0; i < k; ++i) to[i] = from[i * step];
      std::memset(to + k, 0, static_cast<std::size_t>(padded - k));
      from = to;
    }
    __m512i sums = _mm512_setzero_si512();
    for (std::int64_t i = 0; i < padded; i += 64) {
      const __mmask64 mask = padded - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (padded - i)) - 1;
      sums = _mm512_add_epi64(
          sums, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mask, from + i), _mm512_setzero_si512()));
    }
    starts[row] = static_cast<std::int32_t>(static_cast<std::uint32_t>(128 - op.b_zero_point) *
                                            static_cast<std::uint32_t>(_mm512_reduce_add_epi64(sums)));
  }
  product.row_starts = starts;
  product.job.row_a = as_they_lie ? op.a.stride[2] : padded;
  if (!as_they_lie) product.job.a = packed;
}

/// Four rows of k by 64 columns that lie side by side.
void interleave(std::byte* to, const std::byte* b, std::int64_t step) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(kFlip));
  for (std::int64_t c = 0; c < kColumns; c += 16) {
    __m128i r[4];
    for (std::int64_t i = 0; i < 4; ++i)
      r[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i * step + c));
    const __m128i low01 = _mm_unpacklo_epi8(r[0], r[1]), high01 = _mm_unpackhi_epi8(r[0], r[1]);
    const __m128i low23 = _mm_unpacklo_epi8(r[2], r[3]), high23 = _mm_unpackhi_epi8(r[2], r[3]);
    __m512i quads = _mm512_castsi128_si512(_mm_unpacklo_epi16(low01, low23));
    quads = _mm512_inserti32x4(quads, _mm_unpackhi_epi16(low01, low23), 1);
    quads = _mm512_inserti32x4(quads, _mm_unpacklo_epi16(high01, high23), 2);
    quads = _mm512_inserti32x4(quads, _mm_unpackhi_epi16(high01, high23), 3);
    _mm512_storeu_si512(to + 4 * c, _mm512_xor_si512(quads, flip));
  }
}

/// What is missing at the end of k or of the columns is 0 in the panel: it adds nothing.
const std::byte* pack(const isa::MatMul& op, const std::byte* b, std::int64_t columns) {
  const std::int64_t k = op.b.shape[2], step = op.b.stride[2], across = op.b.stride[3];
  const std::int64_t steps = (k + 3) / 4;
  auto* panel = scratch(ScratchSlot::kWorking, static_cast<std::size_t>(steps * kStepBytes));
  std::int64_t done = 0;  // rows of k
  if (across == 1 && columns == kColumns) {
    for (; done + 4 <= k; done += 4) interleave(panel + done * kColumns, b + done * step, step);
  } else if (step == 1) {
    if (columns < kColumns) std::memset(panel, 0, static_cast<std::size_t>(steps * kStepBytes));
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t i = 0; i + 4 <= k; i += 4) {
        std::uint32_t quad;
        std::memcpy(&quad, b + c * across + i, 4);
        quad ^= 0x80808080U;
        std::memcpy(panel + i * kColumns + 4 * c, &quad, 4);
      }
    }
    done = k / 4 * 4;
  }
  if (done == k) return panel;
  std::memset(panel + done * kColumns, 0, static_cast<std::size_t>(steps * kStepBytes - done * kColumns));
  for (std::int64_t i = done; i < k; ++i)
    for (std::int64_t c = 0; c < columns; ++c)
      panel[i / 4 * kStepBytes + 4 * c + i % 4] = b[i * step + c * across] ^ kFlip;
  return panel;
}

/// From the packed panel: sum of (b - zb) = sum of (b - 128) + k (128 - zb).
void sum_columns(Product& product) {
  const isa::MatMul& op = *product.op;
  const __m512i ones = _mm512_set1_epi8(1);
  const auto offset = static_cast<std::int32_t>(op.b.shape[2]) * (128 - op.b_zero_point);
  for (int v = 0; v < kVectors; ++v) {
    __m512i sum = _mm512_set1_epi32(offset);
    for (std::int64_t step = 0; step < product.steps; ++step)
      sum = _mm512_dpbusd_epi32(sum, ones, _mm512_loadu_si512(product.panel + step * kStepBytes + 64 * v));
    const __m512i start = _mm512_mullo_epi32(sum, _mm512_set1_epi32(-op.a_zero_point));
    _mm512_store_si512(product.column_starts + 16 * v, start);
  }
}

/// Makes a new value of `sum`: see conv_u8.cc.
CHENGYING_INLINE inline void end_life(__m512i& sum) {
  asm("" : "+v"(sum));
}

/// P rows from `row` on by V vectors from column 16 * `first` of the panel on.
template <int P, int V>
void tile(const Product& product, std::int64_t row, int first) {
  const Multiply::Job& job = product.job;
  const std::byte* rows[P];
  __m512i sums[P][V];
  unrolled<P>([&](auto p) CHENGYING_INLINE {
    rows[p] = job.a + (row + p) * job.row_a;
    const __m512i start = _mm512_set1_epi32(product.row_starts[row + p]);
    unrolled<V>([&](auto v) CHENGYING_INLINE {
      sums[p][v] = _mm512_add_epi32(start, _mm512_load_si512(product.column_starts + 16 * (first + v)));
    });
  });
  const std::byte* b = product.panel + 64 * first;
  for (std::int64_t step = 0; step < product.steps; ++step, b += kStepBytes) {
    __m512i w[V];
    unrolled<V>([&](auto v) CHENGYING_INLINE { w[v] = _mm512_loadu_si512(b + 64 * v); });
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      std::int32_t quad;
      __builtin_memcpy(&quad, rows[p] + 4 * step, sizeof quad);
      const __m512i x = _mm512_set1_epi32(quad);
      unrolled<V>([&](auto v) CHENGYING_INLINE { sums[p][v] = _mm512_dpbusd_epi32(sums[p][v], x, w[v]); });
    });
  }
  unrolled<P>([&](auto p)
                  CHENGYING_INLINE { unrolled<V>([&](auto v) CHENGYING_INLINE { end_life(sums[p][v]); }); });
  unrolled<P>([&](auto p) CHENGYING_INLINE {
    unrolled<V>([&](auto v) CHENGYING_INLINE {
      const std::int64_t column = 16 * (first + v);
      if (column < job.columns) Multiply::finish(job, row + p, column, _mm512_cvtepi32_ps(sums[p][v]));
    });
  });
}

template <int V>
void rows_by(const Product& product, int first) {
  using Tile = void (*)(const Product&, std::int64_t, int);
  static constexpr Tile kTiles[kRows] = {tile<1, V>, tile<2, V>, tile<3, V>,
                                         tile<4, V>, tile<5, V>, tile<6, V>};
  const std::int64_t pieces = (product.rows + kRows - 1) / kRows;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t from = product.rows * piece / pieces, to = product.rows * (piece + 1) / pieces;
    kTiles[to - from - 1](product, from, first);
  }
}

void multiply(Product& product, const std::byte* b) {
  const isa::MatMul& op = *product.op;
  const Multiply::Job first = product.job;
  product.steps = (op.a.shape[3] + 3) / 4;
  take_rows(product);
  for (std::int64_t column = 0; column < op.b.shape[3]; column += kColumns) {
    product.job.columns = std::min(op.b.shape[3] - column, kColumns);
    product.job.out = first.out + column * op.output.stride[3];
    if (op.addend) product.job.addend = first.addend + column * op.addend->stride[3];
    product.panel = pack(op, b + column * op.b.stride[3], product.job.columns);
    sum_columns(product);
    if (product.job.columns > kColumns - 16) {
      rows_by<kVectors>(product, 0);
    } else {
      for (int v = 0; 16 * v < product.job.columns; ++v) rows_by<1>(product, v);
    }
  }
}

}  // namespace

void matmul_u8(const isa::MatMul& op, const Operands& at) {
  Product product;
  product.op = product.job.op = &op;
  product.job.bounded = op.low > -exact::kInf || op.high < exact::kInf;
  const auto offset = [](const isa::View& view, std::int64_t x, std::int64_t y, std::int64_t row) {
    return x * view.stride[0] + y * view.stride[1] + row * view.stride[2];
  };
  for (std::int64_t x = 0; x < op.output.shape[0]; ++x) {
    for (std::int64_t y = 0; y < op.output.shape[1]; ++y) {
      for (std::int64_t row = 0; row < op.a.shape[2]; row += kRowsAtOnce) {
        product.rows = std::min(op.a.shape[2] - row, kRowsAtOnce);
        product.job.a = at.input + offset(op.a, x, y, row);
        product.job.out = at.output + offset(op.output, x, y, row);
        if (op.addend) product.job.addend = at.third + offset(*op.addend, x, y, row);
        multiply(product, at.second + offset(op.b, x, y, 0));
      }
    }
  }
}

}  // namespace chengying::chip::avx512
