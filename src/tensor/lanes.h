// Lanes: what the exact functions need of a number type, so that one definition serves a scalar and every
// SIMD width. The scalar is here; chip/kernels/ adds the vectors in the files that may use them. Each
// operation is one IEEE-754 operation in round-to-nearest, hence the same bits in every lane of every width.
#pragma once

#include <cstdint>

namespace chengying::exact {

template <class F>
struct Lanes;

template <>
struct Lanes<float> {
  using Int = std::int32_t;
  static float set(float x) { return x; }
  static Int set_int(std::int32_t x) { return x; }
  static float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static float sqrt(float x) { return __builtin_sqrtf(x); }
  static Int to_int(float x) { return static_cast<Int>(x); }  // of a whole number below 2^31
  static float to_float(Int x) { return static_cast<float>(x); }
};

/// The bits of `from` as another type of the same size.
template <class To, class From>
[[gnu::always_inline]] inline To bits_as(From from) {
  return __builtin_bit_cast(To, from);
}

}  // namespace chengying::exact
