// u8 convolution with AVX-512 VNNI. A tile is up to 6 output pixels by up to 4 blocks of 16 channels: 24 sums
// in registers, 4 weight vectors, one broadcast group of 4 input bytes. For each group 4 + P loads feed 4 P
// vpdpbusd, so that the multipliers are the limit (one 512-bit vpdpbusd a cycle on Zen 4; see
// bench/kernels_bench.cc).
#include <immintrin.h>

#include <algorithm>
#include <type_traits>

#include "chip/kernels/avx512/epilogue_u8.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/conv_plan.h"
#include "chip/kernels/unrolled.h"

namespace chengying::chip::avx512 {
namespace {

constexpr int kPixels = 6;
constexpr int kBlocks = 4;

enum class Extras { kNone, kResidual, kInner, kBoth };

/// Makes a new value of `sum`. Without this between loop and epilogue, g++ 12 spills sums inside of the loop.
CHENGYING_INLINE inline void end_life(__m512i& sum) {
  asm("" : "+v"(sum));
}

/// The epilogue of one pixel's blocks, from sums to stored bytes.
template <int B, Extras kExtras>
CHENGYING_INLINE inline void finish_pixel(const ConvU8Job& job, const std::byte* residual, std::byte* out,
                                          const __m512i* sums, const __m512* scales) {
  constexpr bool kInner = kExtras == Extras::kInner || kExtras == Extras::kBoth;
  constexpr bool kResidual = kExtras == Extras::kResidual || kExtras == Extras::kBoth;
  __m512i q[4] = {};
  unrolled<B>([&](auto b) CHENGYING_INLINE {
    __m512 t = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[b]), scales[b]);
    if constexpr (kInner) t = rounded_inside(job, t);
    if constexpr (kResidual) {
      const __m128i r = _mm_loadu_si128(reinterpret_cast<const __m128i*>(residual + 16 * b));
      t = plus_residual(job, t, _mm512_cvtepu8_epi32(r));
    }
    q[b] = whole_numbers(job, t);
  });
  __m512i bytes = bytes_of<B>(job, q);
  bytes = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
                                   bytes);
  if constexpr (B == 4) _mm512_storeu_si512(out, bytes);
  if constexpr (B == 2 || B == 3) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_castsi512_si256(bytes));
  }
  if constexpr (B == 3) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 32), _mm512_extracti32x4_epi32(bytes, 2));
  }
  if constexpr (B == 1) _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(bytes));
}

/// As finish_pixel where the output is f32: one block of `left` channels, at most 16.
CHENGYING_INLINE inline void finish_real(const ConvU8Job& job, const Pixel& pixel, std::int32_t channel,
                                         __m512i sum, __m512 scale) {
  const std::int32_t left = job.channels - channel;
  const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
  __m512 t = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale);
  if (job.has_residual) t = _mm512_add_ps(t, _mm512_maskz_loadu_ps(mask, pixel.residual + 4 * channel));
  t = _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(job.low)), _mm512_set1_ps(job.high));
  _mm512_mask_storeu_ps(pixel.out + 4 * channel, mask, t);
}

/// What a tile multiplies: kernel rows, and elements of each of their runs.
struct Part {
  std::int32_t first_run, last_run, from, to;
};

/// All that a pixel of the tile needs; places that all of them have outside of the image are 0 and left out.
template <int P>
CHENGYING_INLINE inline Part part_of(const ConvU8Job& job, const Pixel* pixels) {
  const ConvPlan& plan = job.plan;
  if (plan.rows == nullptr) return {0, plan.runs, 0, plan.run_elements};
  WindowPart rows = pixels[0].rows, columns = pixels[0].columns;
  for (int p = 1; p < P; ++p) {
    rows = {std::min(rows.first, pixels[p].rows.first), std::max(rows.last, pixels[p].rows.last)};
    columns = {std::min(columns.first, pixels[p].columns.first),
               std::max(columns.last, pixels[p].columns.last)};
  }
  const std::int32_t first = rows.first * plan.runs_of_row, last = rows.last * plan.runs_of_row;
  if (plan.runs_of_row > 1) return {first, last, 0, plan.run_elements};
  return {first, last, columns.first * plan.pixel_elements, columns.last * plan.pixel_elements};
}

/// Whole blocks from `channel` on (a part of one too if the output is f32); outputs and residuals begin
/// `offset` bytes behind their pixels' pointers.
template <int P, int B>
void whole_tile(const ConvU8Job& job, const Pixel* pixels, std::int32_t channel, std::int32_t offset) {
  __m512i sums[P][B];
  unrolled<B>([&](auto b) CHENGYING_INLINE {
    const __m512i first = _mm512_loadu_si512(job.init + channel + 16 * b);
    unrolled<P>([&](auto p) CHENGYING_INLINE { sums[p][b] = first; });
  });
  const std::byte* rows[P];
  unrolled<P>([&](auto p) CHENGYING_INLINE { rows[p] = pixels[p].in; });
  const std::int64_t block_bytes = job.block_bytes;
  const Part part = part_of<P>(job, pixels);
  for (std::int32_t run = part.first_run; run < part.last_run; ++run) {
    const std::byte* weights = job.weights + channel / 16 * block_bytes +
                               16 * (std::int64_t{run} * job.plan.run_elements + part.from);
    std::int64_t at = job.plan.run_offsets[run] + part.from;
    const std::int64_t end = job.plan.run_offsets[run] + part.to;
    for (; at < end; at += 4, weights += 64) {
      __m512i w[B];
      unrolled<B>([&](auto b) CHENGYING_INLINE { w[b] = _mm512_loadu_si512(weights + b * block_bytes); });
      unrolled<P>([&](auto p) CHENGYING_INLINE {
        std::int32_t group;
        __builtin_memcpy(&group, rows[p] + at, sizeof group);
        const __m512i x = _mm512_set1_epi32(group);
        unrolled<B>([&](auto b) CHENGYING_INLINE { sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], x, w[b]); });
      });
    }
  }
  unrolled<P>([&](auto p)
                  CHENGYING_INLINE { unrolled<B>([&](auto b) CHENGYING_INLINE { end_life(sums[p][b]); }); });
  __m512 scales[B];
  unrolled<B>([&](auto b) CHENGYING_INLINE { scales[b] = _mm512_loadu_ps(job.scale + channel + 16 * b); });
  if (job.is_real) {
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      unrolled<B>([&](auto b) CHENGYING_INLINE {
        finish_real(job, pixels[p], channel + 16 * b, sums[p][b], scales[b]);
      });
    });
    return;
  }
  const auto finish = [&]<Extras kExtras>(std::integral_constant<Extras, kExtras>) CHENGYING_INLINE {
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      __m512i mine[B];
      unrolled<B>([&](auto b) CHENGYING_INLINE { mine[b] = sums[p][b]; });
      finish_pixel<B, kExtras>(job, pixels[p].residual + offset, pixels[p].out + offset, mine, scales);
    });
  };
  if (!job.has_inner && !job.has_residual) return finish(std::integral_constant<Extras, Extras::kNone>{});
  if (!job.has_inner) return finish(std::integral_constant<Extras, Extras::kResidual>{});
  if (!job.has_residual) return finish(std::integral_constant<Extras, Extras::kInner>{});
  finish(std::integral_constant<Extras, Extras::kBoth>{});
}

/// As whole_tile, by way of buffers where the last block is a part of one.
template <int P, int B>
void tile(const ConvU8Job& job, const Pixel* pixels, std::int32_t channel) {
  const std::int32_t channels = job.channels - channel;
  if (channels >= 16 * B || job.is_real) return whole_tile<P, B>(job, pixels, channel, channel);
  std::byte residuals[P][16 * B] = {}, outputs[P][16 * B];
  Pixel buffered[P];
  for (int p = 0; p < P; ++p) {
    buffered[p] = {pixels[p].in, outputs[p], residuals[p], pixels[p].rows, pixels[p].columns};
    if (job.has_residual)
      __builtin_memcpy(residuals[p], pixels[p].residual + channel, static_cast<unsigned>(channels));
  }
  whole_tile<P, B>(job, buffered, channel, 0);
  for (int p = 0; p < P; ++p) {
    __builtin_memcpy(pixels[p].out + channel, outputs[p], static_cast<unsigned>(channels));
  }
}

template <int B>
constexpr ConvU8Tile kTilesOf[kPixels] = {tile<1, B>, tile<2, B>, tile<3, B>,
                                          tile<4, B>, tile<5, B>, tile<6, B>};
constexpr const ConvU8Tile* kTiles[kBlocks] = {kTilesOf<1>, kTilesOf<2>, kTilesOf<3>, kTilesOf<4>};

}  // namespace

void conv_u8(const isa::Conv& op, const Operands& at) {
  run_conv_u8(op, at,
              {.pixels = kPixels, .blocks = kBlocks, .widen = false, .leave_out = true, .tiles = kTiles});
}

}  // namespace chengying::chip::avx512
