// Avx512: the lane type of 16 floats, for the kernels that are templates over it. Only for files of this
// folder.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "tensor/lanes.h"

namespace chengying {

namespace chip::avx512 {
using F16 = float __attribute__((vector_size(64)));
using I16 = std::int32_t __attribute__((vector_size(64)));
}  // namespace chip::avx512

template <>
struct exact::Lanes<chip::avx512::F16> {
  using F = chip::avx512::F16;
  using Int = chip::avx512::I16;
  static constexpr __mmask16 kAll = 0xffff;  // g++ 12 warns of the intrinsics without a mask
  static F set(float x) { return _mm512_set1_ps(x); }
  static Int set_int(std::int32_t x) { return reinterpret_cast<Int>(_mm512_set1_epi32(x)); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F sqrt(F x) { return _mm512_sqrt_ps(x); }
  static Int to_int(F x) { return reinterpret_cast<Int>(_mm512_maskz_cvttps_epi32(kAll, x)); }
  static F to_float(Int x) { return __builtin_convertvector(x, F); }
};

namespace chip::avx512 {

struct Avx512 {
  using F = F16;
  using I = I16;
  using U = std::uint32_t __attribute__((vector_size(64)));
  using Bytes = std::uint8_t __attribute__((vector_size(64)));
  static constexpr int kWidth = 16;
  static constexpr int kTileVectors = 4;  // vectors of output channels of an f32 convolution's tile

  static F load(const std::byte* at) { return _mm512_loadu_ps(at); }
  static void store(std::byte* at, F x) { _mm512_storeu_ps(at, x); }
  static I load_int(const std::byte* at) { return reinterpret_cast<I>(_mm512_loadu_si512(at)); }
  static I load_u8(const std::byte* at) {
    return reinterpret_cast<I>(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
  }
  static I load_i8(const std::byte* at) {
    return reinterpret_cast<I>(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
  }
  /// The low byte of each lane.
  static void store_u8(std::byte* at, I x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(x)));
  }
  /// The low `bytes` bytes of each of the first `n` lanes, 4 bytes apart; the bytes between stay.
  static void store_pixels(std::byte* at, I x, std::int64_t n, int bytes) {
    constexpr __mmask64 kOfEach[] = {0, 0x1111111111111111, 0x3333333333333333, 0x7777777777777777, ~0ULL};
    const __mmask64 first = n >= 16 ? ~0ULL : (1ULL << 4 * n) - 1;
    _mm512_mask_storeu_epi8(at, kOfEach[bytes] & first, reinterpret_cast<__m512i>(x));
  }
  static Bytes larger(Bytes a, Bytes b) {
    return reinterpret_cast<Bytes>(
        _mm512_max_epu8(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
  }
  /// Nearest, ties to even; for |x| < 2^31.
  static I round(F x) { return reinterpret_cast<I>(_mm512_cvtps_epi32(x)); }
  static F load_bf16(const std::byte* at) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    return reinterpret_cast<F>(_mm512_slli_epi32(wide, 16));
  }
  /// sum + multiply_pairs(a, b), modulo 2^32.
  static I add_pair_products(I sum, I a, I b) {
    return reinterpret_cast<I>(_mm512_dpwssd_epi32(
        reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
  }
  /// sum + the products of four unsigned by four signed bytes of each lane, modulo 2^32.
  static I add_quad_products(I sum, I unsigned_bytes, I signed_bytes) {
    return reinterpret_cast<I>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum),
                                                   reinterpret_cast<__m512i>(unsigned_bytes),
                                                   reinterpret_cast<__m512i>(signed_bytes)));
  }
  /// Lanes as pairs of i16: a.low * b.low + a.high * b.high.
  static I multiply_pairs(I a, I b) {
    return reinterpret_cast<I>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
  }
};

}  // namespace chip::avx512
}  // namespace chengying
