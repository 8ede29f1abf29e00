// u8 convolution with AVX2. There is no exact product of u8 x i8 (vpmaddubsw saturates), so the input is
// widened to i16 when it is copied, weights when they are loaded, and vpmaddwd adds pairs: exact in i32. A
// tile is up to 3 pixels by one block of 16 channels: 12 sums, each a vector of 4 channels x 2 halves.
#include <immintrin.h>

#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/conv_lanes.h"

namespace chengying::chip::avx2 {
namespace {

constexpr int kPixels = 3;

/// Sums of 8 channels from two vectors of halves.
CHENGYING_INLINE inline I8 join_halves(__m256i low, __m256i high) {
  return reinterpret_cast<I8>(_mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0b11'01'10'00));
}

void finish_pixel(const ConvU8Job& job, const Pixel& pixel, std::int32_t channel, const __m256i* sums) {
  for (std::int32_t half = 0; half < 2; ++half) {
    const std::int32_t first = channel + 8 * half;
    if (first >= job.channels) return;
    const I8 init = Avx2::load_int(reinterpret_cast<const std::byte*>(job.init + first));
    const I8 sum = Convolving<Avx2>::add(join_halves(sums[2 * half], sums[2 * half + 1]), init);
    const F8 scale = Avx2::load(reinterpret_cast<const std::byte*>(job.scale + first));
    Convolving<Avx2>::finish(job, pixel, first, sum, scale, job.channels - first);
  }
}

template <int P>
void tile(const ConvU8Job& job, const Pixel* pixels, std::int32_t channel) {
  __m256i sums[P][4];
  const std::byte* rows[P];
  unrolled<P>([&](auto p) CHENGYING_INLINE {
    rows[p] = pixels[p].in;
    unrolled<4>([&](auto j) CHENGYING_INLINE { sums[p][j] = _mm256_setzero_si256(); });
  });
  const std::byte* weights = job.weights + channel / 16 * job.block_bytes;
  for (std::int32_t run = 0; run < job.plan.runs; ++run) {
    std::int64_t at = job.plan.run_offsets[run];
    const std::int64_t end = at + 2 * std::int64_t{job.plan.run_elements};
    for (; at < end; at += 8, weights += 64) {
      __m256i x[P];
      unrolled<P>([&](auto p) CHENGYING_INLINE {
        long long group;
        __builtin_memcpy(&group, rows[p] + at, sizeof group);
        x[p] = _mm256_set1_epi64x(group);
      });
      unrolled<4>([&](auto j) CHENGYING_INLINE {
        const __m256i w =
            _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + 16 * j)));
        unrolled<P>([&](auto p) CHENGYING_INLINE {
          sums[p][j] = _mm256_add_epi32(sums[p][j], _mm256_madd_epi16(x[p], w));
        });
      });
    }
  }
  __m256i done[P][4];  // kept apart from the loop's sums, which stay in registers
  unrolled<P>([&](auto p) CHENGYING_INLINE {
    unrolled<4>([&](auto j) CHENGYING_INLINE { done[p][j] = sums[p][j]; });
  });
  for (int p = 0; p < P; ++p) finish_pixel(job, pixels[p], channel, done[p]);
}

constexpr ConvU8Tile kTilesOfOneBlock[kPixels] = {tile<1>, tile<2>, tile<3>};
constexpr const ConvU8Tile* kTiles[1] = {kTilesOfOneBlock};

}  // namespace

void conv_u8(const isa::Conv& op, const Operands& at) {
  run_conv_u8(op, at, {.pixels = kPixels, .blocks = 1, .widen = true, .tiles = kTiles});
}

}  // namespace chengying::chip::avx2
