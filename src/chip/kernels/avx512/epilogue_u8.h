// The steps of a u8 convolution's epilogue, on vectors: what conv_u8.cc and depthwise_u8.cc do to their sums.
// Only for files of this folder.
#pragma once

#include <immintrin.h>

#include "chip/kernels/conv_u8_job.h"
#include "chip/kernels/unrolled.h"

namespace chengying::chip::avx512 {

/// Through the inner quantiser.
CHENGYING_INLINE inline __m512 rounded_inside(const ConvU8Job& job, __m512 t) {
  t = _mm512_max_ps(t, _mm512_set1_ps(job.inner_low));
  t = _mm512_min_ps(t, _mm512_set1_ps(job.inner_high));
  t = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm512_mul_ps(t, _mm512_set1_ps(job.inner_rescale));
}

/// `residual`: the bytes of the residual, one in each lane.
CHENGYING_INLINE inline __m512 plus_residual(const ConvU8Job& job, __m512 t, __m512i residual) {
  const __m512 r = _mm512_sub_ps(_mm512_cvtepi32_ps(residual), _mm512_set1_ps(job.residual_zero_point));
  return _mm512_fmadd_ps(r, _mm512_set1_ps(job.residual_scale), t);
}

/// To whole numbers, relative to the zero point. High first, with t as the operand that a NaN passes through:
/// it then converts to the lowest number. The low bound follows on bytes.
CHENGYING_INLINE inline __m512i whole_numbers(const ConvU8Job& job, __m512 t) {
  return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_set1_ps(job.high), t));
}

/// Bytes of 4 vectors of whole numbers, of 2 if there are no more: in each 128-bit lane 4 of each vector.
template <int kVectors>
CHENGYING_INLINE inline __m512i bytes_of(const ConvU8Job& job, const __m512i* q) {
  const __m512i zero_point = _mm512_set1_epi16(static_cast<short>(job.output_zero_point));
  const __m512i low_half = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero_point);
  const __m512i high_half =
      kVectors > 2 ? _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero_point) : low_half;
  return _mm512_max_epu8(_mm512_packus_epi16(low_half, high_half),
                         _mm512_set1_epi8(static_cast<char>(job.lowest)));
}

}  // namespace chengying::chip::avx512
