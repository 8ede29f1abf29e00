#include "chip/kernels/avx512/depthwise_tiles.h"

namespace chengying::chip::avx512 {
namespace {

struct Rows {
  __m512i row[3];
};

/// Rows of three weights out of the packed groups of four of a 3x3 window, each dword a channel: w0, w1, w2,
/// 0.
Rows rows_of_three(const std::byte* packed) {
  const __m512i a = _mm512_loadu_si512(packed), b = _mm512_loadu_si512(packed + kVector),
                c = _mm512_loadu_si512(packed + 2 * kVector), three = _mm512_set1_epi32(0xffffff);
  const auto either = [&](__m512i x, __m512i y) { return _mm512_and_si512(_mm512_or_si512(x, y), three); };
  return {{_mm512_and_si512(a, three), either(_mm512_srli_epi32(a, 24), _mm512_slli_epi32(b, 8)),
           either(_mm512_srli_epi32(b, 16), _mm512_slli_epi32(c, 16))}};
}

/// Spreads 16 channels' dwords over quarter `quarter` of the four vectors at `to`.
void spread(std::byte* to, int quarter, __m512i dwords) {
  unrolled<4>([&](auto j) CHENGYING_INLINE {
    _mm_store_si128(reinterpret_cast<__m128i*>(to + j * kVector + quarter * 16), quarter_of<j>(dwords));
  });
}

}  // namespace

void prepare(const DepthwiseJob& job, const std::array<std::int32_t, 4>& blocks, bool pairs, std::byte* to) {
  const std::int32_t left = job.common.plan.runs % 4;
  const __m512i last_places = _mm512_set1_epi32(left == 0 ? -1 : (1 << 8 * left) - 1);
  for (int quarter = 0; quarter < 4; ++quarter) {
    const std::int32_t block = blocks[static_cast<std::size_t>(quarter)];
    spread(to, quarter, _mm512_loadu_si512(job.common.init + block * kBlock));
    spread(to + 4 * kVector, quarter, _mm512_loadu_si512(job.common.scale + block * kBlock));
    const std::byte* packed = job.common.weights + std::int64_t{block} * job.groups * kVector;
    std::byte* weights = to + 8 * kVector;
    if (pairs) {
      for (const __m512i& row : rows_of_three(packed).row) {
        spread(weights, quarter, row);
        spread(weights + 4 * kVector, quarter, _mm512_slli_epi32(row, 8));
        weights += 8 * kVector;
      }
      continue;
    }
    for (std::int32_t group = 0; group < job.groups; ++group, weights += 4 * kVector) {
      const __m512i places = _mm512_loadu_si512(packed + group * kVector);
      spread(weights, quarter, group + 1 == job.groups ? _mm512_and_si512(places, last_places) : places);
    }
  }
}

Tiling tiling_of(std::int32_t channels) {
  const std::int32_t whole = channels / (4 * kBlock), left = channels - whole * 4 * kBlock;
  return {whole, (channels + kBlock - 1) / kBlock, left >= 2 * kBlock};
}

}  // namespace chengying::chip::avx512
