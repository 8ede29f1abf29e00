// u8 depthwise convolution with AVX-512 VNNI. A tile is four quarters of a register, each 16 channels of a
// pixel: 64 channels of one pixel, or, for the channels that are left, 32 of two or 16 of four. Four places
// of the window are interleaved byte by byte, so that a vpdpbusd adds four products of each of 16 channels;
// what the interleaving does to the order of channels, packing the sums to bytes undoes.
//
// Where the window is 3x3 and moves by one column, two neighbouring pixels share what is interleaved: four
// columns of a row meet the weights (w0, w1, w2, 0) and (0, w0, w1, w2).
#include <immintrin.h>

#include <algorithm>

#include "chip/kernels/avx512/depthwise_tiles.h"
#include "chip/kernels/avx512/epilogue_u8.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/conv_plan.h"
#include "chip/kernels/scratch.h"
#include "chip/kernels/unrolled.h"

namespace chengying::chip::avx512 {
namespace {

constexpr std::int32_t kPixels = 8;  // taken at a time, a multiple of 4

/// Four places' bytes side by side: dword i of quarter q of vector j is channel 4j + i of that quarter.
CHENGYING_INLINE inline void interleave(const __m512i* places, __m512i* out) {
  const __m512i a = _mm512_unpacklo_epi8(places[0], places[1]),
                b = _mm512_unpackhi_epi8(places[0], places[1]);
  const __m512i c = _mm512_unpacklo_epi8(places[2], places[3]),
                d = _mm512_unpackhi_epi8(places[2], places[3]);
  out[0] = _mm512_unpacklo_epi16(a, c);
  out[1] = _mm512_unpackhi_epi16(a, c);
  out[2] = _mm512_unpacklo_epi16(b, d);
  out[3] = _mm512_unpackhi_epi16(b, d);
}

/// The epilogue: sums to bytes in the channels' own order. `residual`: bytes in that order.
CHENGYING_INLINE inline __m512i finish(const ConvU8Job& job, const TileConstants& constants,
                                       const __m512i* sums, __m512i residual) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i added[4] = {};
  if (job.has_residual) {
    const __m512i places[4] = {residual, zero, zero, zero};
    interleave(places, added);
  }
  __m512i q[4];
  unrolled<4>([&](auto j) CHENGYING_INLINE {
    __m512 t = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[j]), constants.scale(j));
    if (job.has_inner) t = rounded_inside(job, t);
    if (job.has_residual) t = plus_residual(job, t, added[j]);
    q[j] = whole_numbers(job, t);
  });
  return bytes_of<4>(job, q);
}

CHENGYING_INLINE inline void multiply_add(const TileConstants& constants, std::int64_t step, const __m512i* x,
                                          __m512i* sums) {
  unrolled<4>([&](auto j) CHENGYING_INLINE {
    sums[j] = _mm512_dpbusd_epi32(sums[j], x[j], constants.weights(step, j));
  });
}

/// Bytes at `offset` behind each quarter's start.
struct WholePixel {  // 64 channels of one pixel
  std::int32_t channel;
  __m512i load(const Pixel* pixels, std::int64_t offset) const {
    return _mm512_loadu_si512(pixels->in + offset + channel);
  }
  __m512i residual(const Pixel* pixels) const { return _mm512_loadu_si512(pixels->residual + channel); }
  void store(const Pixel* pixels, __m512i bytes) const { _mm512_storeu_si512(pixels->out + channel, bytes); }
};
struct TwoPixels {  // 32 channels of each
  std::int32_t channel;
  template <class At>
  CHENGYING_INLINE __m512i gather(At at) const {
    const auto half = [&](int p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at(p))); };
    return _mm512_inserti64x4(_mm512_castsi256_si512(half(0)), half(1), 1);
  }
  __m512i load(const Pixel* pixels, std::int64_t offset) const {
    return gather([&](int p) { return pixels[p].in + offset + channel; });
  }
  __m512i residual(const Pixel* pixels) const {
    return gather([&](int p) { return pixels[p].residual + channel; });
  }
  void store(const Pixel* pixels, __m512i bytes) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[0].out + channel), _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[1].out + channel),
                        _mm512_maskz_extracti64x4_epi64(0xf, bytes, 1));
  }
};
struct FourPixels {  // up to 16 channels of each
  std::int32_t channel;
  __mmask16 mask;
  template <class At>
  CHENGYING_INLINE __m512i gather(At at) const {
    const auto quarter = [&](int p) { return _mm_maskz_loadu_epi8(mask, at(p)); };
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(quarter(0)), quarter(1), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(quarter(2)), quarter(3), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  __m512i load(const Pixel* pixels, std::int64_t offset) const {
    return gather([&](int p) { return pixels[p].in + offset + channel; });
  }
  __m512i residual(const Pixel* pixels) const {
    return gather([&](int p) { return pixels[p].residual + channel; });
  }
  void store(const Pixel* pixels, __m512i bytes) const {
    unrolled<4>([&](auto p) CHENGYING_INLINE {
      _mm_mask_storeu_epi8(pixels[p].out + channel, mask, quarter_of<p>(bytes));
    });
  }
};

template <class Quarters>
void tile(const DepthwiseJob& job, const TileConstants& constants, const Quarters& quarters,
          const Pixel* pixels) {
  __m512i sums[4];
  unrolled<4>([&](auto j) CHENGYING_INLINE { sums[j] = constants.init(j); });
  const std::int64_t* offsets = job.common.plan.run_offsets;
  for (std::int32_t group = 0; group < job.groups; ++group) {
    __m512i places[4], x[4];
    unrolled<4>([&](auto p) CHENGYING_INLINE {
      const std::int32_t run = std::min(4 * group + p, job.common.plan.runs - 1);  // past the last: weight 0
      places[p] = quarters.load(pixels, offsets[run]);
    });
    interleave(places, x);
    multiply_add(constants, group, x, sums);
  }
  const __m512i residual = job.common.has_residual ? quarters.residual(pixels) : _mm512_setzero_si512();
  quarters.store(pixels, finish(job.common, constants, sums, residual));
}

/// Two neighbouring pixels of a row.
void pair(const DepthwiseJob& job, const TileConstants& constants, const WholePixel& quarters,
          const Pixel* pixels) {
  __m512i left[4], right[4];
  unrolled<4>([&](auto j) CHENGYING_INLINE { left[j] = right[j] = constants.init(j); });
  for (std::int32_t row = 0; row < 3; ++row) {
    const std::int64_t start = job.common.plan.run_offsets[3 * row];
    __m512i places[4], x[4];
    unrolled<4>([&](auto p) CHENGYING_INLINE {
      places[p] = quarters.load(pixels, start + p * job.common.plan.stride_x);
    });
    interleave(places, x);
    multiply_add(constants, 2 * row, x, left);
    multiply_add(constants, 2 * row + 1, x, right);
  }
  const bool added = job.common.has_residual;
  const __m512i none = _mm512_setzero_si512();
  quarters.store(pixels, finish(job.common, constants, left, added ? quarters.residual(pixels) : none));
  quarters.store(pixels + 1,
                 finish(job.common, constants, right, added ? quarters.residual(pixels + 1) : none));
}

void whole_pixels(const DepthwiseJob& job, const TileConstants& single, const TileConstants& paired,
                  std::int32_t channel, const Pixel* pixels, std::int64_t count) {
  const WholePixel quarters{channel};
  for (std::int64_t p = 0; p < count;) {
    if (job.pairs && p + 1 < count && pixels[p + 1].in - pixels[p].in == job.common.plan.stride_x) {
      pair(job, paired, quarters, pixels + p);
      p += 2;
    } else {
      tile(job, single, quarters, pixels + p++);
    }
  }
}

DepthwiseJob job_of(const isa::DepthwiseConv& op, const Operands& at) {
  DepthwiseJob job;
  job.common.plan = plan_conv(op.input, op.output, op.window, at.input, op.pad_value,
                              {.pixel_elements = static_cast<std::size_t>(op.input.shape[3]),
                               .element_bytes = 1,
                               .join_columns = false});
  job.common.weights = at.weights;
  job.common.init = reinterpret_cast<const std::int32_t*>(at.init);
  job.common.scale = reinterpret_cast<const float*>(at.scale);
  job.common.channels = op.input.shape[3];
  set_epilogue(job.common, op.epilogue, op.output.dtype);
  job.groups = (job.common.plan.runs + 3) / 4;
  const std::int64_t* offsets = job.common.plan.run_offsets;
  job.pairs = op.window.kernel_h == 3 && op.window.kernel_w == 3 &&
              offsets[1] - offsets[0] == job.common.plan.stride_x;
  return job;
}

/// Tiles that are not whole pixels; `pixels` may be written to up to the next multiple of 4.
void shared_tiles(const DepthwiseJob& job, const Tiling& tiling, const std::byte* constants,
                  std::int64_t bytes, Pixel* pixels, std::int64_t count) {
  for (std::int64_t p = count; p % 4 != 0; ++p) pixels[p] = pixels[count - 1];  // the same bytes once more
  for (std::int32_t t = tiling.whole; t < tiling.tiles(); ++t) {
    const TileConstants mine{constants + t * bytes};
    const std::int32_t channel = tiling.blocks_of(t)[0] * kBlock, left = job.common.channels - channel;
    if (tiling.two && t == tiling.whole) {
      for (std::int64_t p = 0; p < count; p += 2) tile(job, mine, TwoPixels{channel}, pixels + p);
      continue;
    }
    const FourPixels quarters{channel, static_cast<__mmask16>(left >= kBlock ? 0xffff : (1 << left) - 1)};
    for (std::int64_t p = 0; p < count; p += 4) tile(job, mine, quarters, pixels + p);
  }
}

}  // namespace

void depthwise_u8(const isa::DepthwiseConv& op, const Operands& at) {
  const DepthwiseJob job = job_of(op, at);
  const Tiling tiling = tiling_of(job.common.channels);
  const std::int64_t single_bytes = (8 + 4 * std::int64_t{job.groups}) * kVector;
  const std::int64_t paired_bytes = job.pairs ? (8 + 4 * 6) * kVector : 0;
  const std::int64_t bytes = tiling.tiles() * single_bytes + tiling.whole * paired_bytes;
  std::byte* constants = scratch(ScratchSlot::kWorking, static_cast<std::size_t>(bytes));
  std::byte* paired = constants + tiling.tiles() * single_bytes;
  for (std::int32_t t = 0; t < tiling.tiles(); ++t) {
    prepare(job, tiling.blocks_of(t), false, constants + t * single_bytes);
    if (job.pairs && t < tiling.whole) prepare(job, tiling.blocks_of(t), true, paired + t * paired_bytes);
  }
  PixelWalk walk(job.common.plan, op.output, op.epilogue, at);
  const std::int64_t all = std::int64_t{op.output.shape[0]} * op.output.shape[1] * op.output.shape[2];
  Pixel pixels[kPixels];
  for (std::int64_t done = 0; done < all; done += kPixels) {
    const std::int64_t count = std::min<std::int64_t>(kPixels, all - done);
    walk.take(pixels, count);
    for (std::int32_t t = 0; t < tiling.whole; ++t) {
      const TileConstants single{constants + t * single_bytes}, two{paired + t * paired_bytes};
      whole_pixels(job, single, two, 4 * kBlock * t, pixels, count);
    }
    shared_tiles(job, tiling, constants, single_bytes, pixels, count);
  }
}

}  // namespace chengying::chip::avx512
