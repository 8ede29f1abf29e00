// Avx2: the lane type of 8 floats, for the kernels that are templates over it. Only for files of this folder.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "tensor/lanes.h"

namespace chengying {

namespace chip::avx2 {
using F8 = float __attribute__((vector_size(32)));
using I8 = std::int32_t __attribute__((vector_size(32)));
}  // namespace chip::avx2

template <>
struct exact::Lanes<chip::avx2::F8> {
  using F = chip::avx2::F8;
  using Int = chip::avx2::I8;
  static F set(float x) { return _mm256_set1_ps(x); }
  static Int set_int(std::int32_t x) { return reinterpret_cast<Int>(_mm256_set1_epi32(x)); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F sqrt(F x) { return _mm256_sqrt_ps(x); }
  static Int to_int(F x) { return reinterpret_cast<Int>(_mm256_cvttps_epi32(x)); }
  static F to_float(Int x) { return _mm256_cvtepi32_ps(reinterpret_cast<__m256i>(x)); }
};

namespace chip::avx2 {

struct Avx2 {
  using F = F8;
  using I = I8;
  using U = std::uint32_t __attribute__((vector_size(32)));
  using Bytes = std::uint8_t __attribute__((vector_size(32)));
  static constexpr int kWidth = 8;
  static constexpr int kTileVectors = 2;  // vectors of output channels of an f32 convolution's tile

  static F load(const std::byte* at) { return _mm256_loadu_ps(reinterpret_cast<const float*>(at)); }
  static void store(std::byte* at, F x) { _mm256_storeu_ps(reinterpret_cast<float*>(at), x); }
  static I load_int(const std::byte* at) {
    return reinterpret_cast<I>(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  static I load_u8(const std::byte* at) { return reinterpret_cast<I>(_mm256_cvtepu8_epi32(eight(at))); }
  static I load_i8(const std::byte* at) { return reinterpret_cast<I>(_mm256_cvtepi8_epi32(eight(at))); }
  /// The low byte of each lane, which must be in 0..255.
  static void store_u8(std::byte* at, I x) {
    const auto v = reinterpret_cast<__m256i>(x);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(at), _mm_packus_epi16(words, words));
  }
  /// The low `bytes` bytes of each of the first `n` lanes, 4 bytes apart; the bytes between stay.
  static void store_pixels(std::byte* at, I x, std::int64_t n, int bytes) {
    for (std::int64_t i = 0; i < n && i < kWidth; ++i) {
      const std::int32_t pixel = x[i];
      __builtin_memcpy(at + 4 * i, &pixel, static_cast<unsigned>(bytes));
    }
  }
  static Bytes larger(Bytes a, Bytes b) {
    return reinterpret_cast<Bytes>(
        _mm256_max_epu8(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  }
  /// Nearest, ties to even; for |x| < 2^31.
  static I round(F x) { return reinterpret_cast<I>(_mm256_cvtps_epi32(x)); }
  static F load_bf16(const std::byte* at) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    return reinterpret_cast<F>(_mm256_slli_epi32(wide, 16));
  }
  /// sum + multiply_pairs(a, b), modulo 2^32.
  static I add_pair_products(I sum, I a, I b) {
    const I products = multiply_pairs(a, b);
    return reinterpret_cast<I>(
        _mm256_add_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(products)));
  }
  /// sum + the products of four unsigned by four signed bytes of each lane, modulo 2^32. By way of i16:
  /// vpmaddubsw would saturate.
  static I add_quad_products(I sum, I unsigned_bytes, I signed_bytes) {
    const auto u = reinterpret_cast<__m256i>(unsigned_bytes), s = reinterpret_cast<__m256i>(signed_bytes);
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(u, _mm256_set1_epi16(255)),
                                           _mm256_srai_epi16(_mm256_slli_epi16(s, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(u, 8), _mm256_srai_epi16(s, 8));
    return reinterpret_cast<I>(_mm256_add_epi32(reinterpret_cast<__m256i>(sum), _mm256_add_epi32(even, odd)));
  }
  /// Lanes as pairs of i16: a.low * b.low + a.high * b.high.
  static I multiply_pairs(I a, I b) {
    return reinterpret_cast<I>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  }

 private:
  static __m128i eight(const std::byte* at) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)); }
};

}  // namespace chip::avx2
}  // namespace chengying
