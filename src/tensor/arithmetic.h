// Exact arithmetic: rounding, clamping, requantising, and the elementary functions, defined to the bit
// (docs/numerics.md). Built only from +, -, *, /, square root, fused multiply-add, comparison and integer
// operations in a fixed order; templates over the lane type F (float, or a vector of floats), so that SIMD
// repeats the scalar. Pure; no traps, no errno; any input gives a defined result. A NaN result's payload is
// not defined here: what is stored passes through `canonical` first.
#pragma once

#include <cstdint>
#include <limits>

#include "tensor/lanes.h"

namespace chengying::exact {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();  // 0x7fc00000

#define CHENGYING_LANES \
  template <class F>    \
  [[gnu::always_inline]] inline

/// x > low ? x : low: a NaN becomes `low`.
CHENGYING_LANES F at_least(F x, F low) {
  return x > low ? x : low;
}
/// x < high ? x : high: a NaN becomes `high`.
CHENGYING_LANES F at_most(F x, F high) {
  return x < high ? x : high;
}
CHENGYING_LANES F clamp(F x, F low, F high) {
  return at_most<F>(at_least<F>(x, low), high);
}
/// Every NaN becomes the one NaN that is stored, 0x7fc00000.
CHENGYING_LANES F canonical(F x) {
  return x == x ? x : Lanes<F>::set(kNaN);
}

CHENGYING_LANES F absolute(F x) {
  using Int = typename Lanes<F>::Int;
  return bits_as<F>(bits_as<Int>(x) & Lanes<F>::set_int(0x7fffffff));
}
/// The magnitude of `x` with the sign of `sign`.
CHENGYING_LANES F with_sign_of(F x, F sign) {
  using Int = typename Lanes<F>::Int;
  const Int mask = Lanes<F>::set_int(0x7fffffff);
  return bits_as<F>((bits_as<Int>(x) & mask) | (bits_as<Int>(sign) & ~mask));
}

/// Nearest whole number, ties to even; keeps the sign of zero.
CHENGYING_LANES F rne(F x) {
  const F magnitude = absolute<F>(x);
  const F two23 = Lanes<F>::set(8388608.0F);
  const F rounded = with_sign_of<F>((magnitude + two23) - two23, x);
  return magnitude < two23 ? rounded : x;
}
CHENGYING_LANES F floor_of(F x) {
  const F nearest = rne<F>(x);
  return nearest > x ? nearest - Lanes<F>::set(1.0F) : nearest;
}
CHENGYING_LANES F ceil_of(F x) {
  const F nearest = rne<F>(x);
  return nearest < x ? with_sign_of<F>(nearest + Lanes<F>::set(1.0F), x) : nearest;
}

/// 2^n for whole n in -126..127.
CHENGYING_LANES F power_of_two(typename Lanes<F>::Int n) {
  return bits_as<F>((n + Lanes<F>::set_int(127)) << 23);
}

/// x = n ln2 + r, |r| <= ln2 / 2; x in -150..150.
template <class F>
struct Reduced {
  F n, r;
};
CHENGYING_LANES Reduced<F> reduce_by_ln2(F x) {
  using L = Lanes<F>;
  const F n = rne<F>(x * L::set(0x1.715476p+0F));
  const F r = L::fma(n, L::set(-0x1.62ep-1F), x);
  return {n, L::fma(n, L::set(-0x1.0bfbe8p-15F), r)};
}
/// e^r - 1 for |r| <= ln2 / 2.
CHENGYING_LANES F expm1_near_zero(F r) {
  using L = Lanes<F>;
  F q = L::fma(L::set(0x1.6d1606p-10F), r, L::set(0x1.12106cp-7F));
  q = L::fma(q, r, L::set(0x1.555516p-5F));
  q = L::fma(q, r, L::set(0x1.5554d8p-3F));
  q = L::fma(q, r, L::set(0.5F));
  return L::fma(r * r, q, r);
}

/// e^x; one rounding where the result is subnormal, +0 below that, infinity above.
CHENGYING_LANES F exp(F x) {
  using L = Lanes<F>;
  const Reduced<F> reduced = reduce_by_ln2<F>(clamp<F>(x, L::set(-105.0F), L::set(89.0F)));
  const auto n = L::to_int(reduced.n);
  const auto half = n >> 1;
  const F mantissa = L::set(1.0F) + expm1_near_zero<F>(reduced.r);
  const F y = (mantissa * power_of_two<F>(half)) * power_of_two<F>(n - half);
  return x == x ? y : x;
}

/// e^x - 1.
CHENGYING_LANES F expm1(F x) {
  using L = Lanes<F>;
  const Reduced<F> reduced = reduce_by_ln2<F>(clamp<F>(x, L::set(-30.0F), L::set(89.0F)));
  const auto n = L::to_int(reduced.n);
  const auto half = n >> 1;
  const F a = power_of_two<F>(half), b = power_of_two<F>(n - half);  // 2^128 is not a float: two factors
  const F p = expm1_near_zero<F>(reduced.r);
  const F y = L::fma(a, p, a - power_of_two<F>(half - n)) * b;
  const F small = absolute<F>(x);
  return small < L::set(1e-7F) ? x : (x == x ? y : x);
}

/// Natural logarithm; -infinity of +-0, NaN below.
CHENGYING_LANES F log(F x) {
  using L = Lanes<F>;
  using Int = typename L::Int;
  const F least_normal = L::set(0x1p-126F);
  const F positive = x > L::set(0.0F) ? x : L::set(1.0F);  // the rest is settled at the end
  const F normal = positive < least_normal ? positive * L::set(0x1p25F) : positive;
  const F lift = positive < least_normal ? L::set(25.0F) : L::set(0.0F);
  // m in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) leaves the exponent in the high bits.
  const Int offset = bits_as<Int>(normal) - L::set_int(0x3f3504f3);
  const Int exponent = offset >> 23;
  const F m = bits_as<F>(bits_as<Int>(normal) - (exponent << 23));
  const F e = L::to_float(exponent) - lift;
  const F f = m - L::set(1.0F);
  F p = L::fma(L::set(0x1.1d8ea6p-4F), f, L::set(-0x1.d635bcp-4F));
  p = L::fma(p, f, L::set(0x1.dea282p-4F));
  p = L::fma(p, f, L::set(-0x1.fcf4c6p-4F));
  p = L::fma(p, f, L::set(0x1.23d21ap-3F));
  p = L::fma(p, f, L::set(-0x1.555b4ap-3F));
  p = L::fma(p, f, L::set(0x1.999d5ap-3F));
  p = L::fma(p, f, L::set(-0x1.fffffcp-3F));
  p = L::fma(p, f, L::set(0x1.555554p-2F));
  const F square = f * f;
  F y = L::fma(e, L::set(0x1.0bfbe8p-15F), (square * f) * p);  // e * ln2, low part first
  y = L::fma(square, L::set(-0.5F), y);
  y = L::fma(e, L::set(0x1.62ep-1F), f + y);
  y = x == L::set(kInf) ? x : y;
  y = x == L::set(0.0F) ? L::set(-kInf) : y;
  return x >= L::set(0.0F) ? y : L::set(kNaN);
}

/// log(1 + u) for u in 0..1.
CHENGYING_LANES F log1p_of_unit(F u) {
  const F one = Lanes<F>::set(1.0F);
  const F sum = one + u;
  return log<F>(sum) + (u - (sum - one)) / sum;
}

/// 1 / (1 + e^-x).
CHENGYING_LANES F sigmoid(F x) {
  const F one = Lanes<F>::set(1.0F);
  const F e = exp<F>(-absolute<F>(x));
  const F y = (x < Lanes<F>::set(0.0F) ? e : one) / (one + e);
  return x == x ? y : x;
}

/// log(1 + e^x).
CHENGYING_LANES F softplus(F x) {
  const F zero = Lanes<F>::set(0.0F);
  const F y = (x > zero ? x : zero) + log1p_of_unit<F>(exp<F>(-absolute<F>(x)));
  return x == x ? y : x;
}

CHENGYING_LANES F tanh(F x) {
  using L = Lanes<F>;
  const F magnitude = absolute<F>(x), z = x * x;
  F p = L::fma(L::set(0x1.2977d8p-9F), z, L::set(-0x1.10bbf4p-7F));
  p = L::fma(p, z, L::set(0x1.648e8ep-6F));
  p = L::fma(p, z, L::set(-0x1.ba0718p-5F));
  p = L::fma(p, z, L::set(0x1.1110e4p-3F));
  p = L::fma(p, z, L::set(-0x1.555556p-2F));
  const F near_zero = L::fma(x * z, p, x);
  const F one = L::set(1.0F);
  const F far = with_sign_of<F>(one - L::set(2.0F) / (exp<F>(magnitude + magnitude) + one), x);
  return magnitude < L::set(0.625F) ? near_zero : (x == x ? far : x);
}

CHENGYING_LANES F erf(F x) {
  using L = Lanes<F>;
  const F magnitude = absolute<F>(x), z = x * x;
  F p = L::fma(L::set(-0x1.445f48p-17F), z, L::set(0x1.d88750p-14F));
  p = L::fma(p, z, L::set(-0x1.bccf66p-11F));
  p = L::fma(p, z, L::set(0x1.562a60p-8F));
  p = L::fma(p, z, L::set(-0x1.b829c8p-6F));
  p = L::fma(p, z, L::set(0x1.ce2f08p-4F));
  p = L::fma(p, z, L::set(-0x1.812746p-2F));
  p = L::fma(p, z, L::set(0x1.06eba8p-3F));
  const F near_zero = L::fma(x, p, x);
  // -log(1 - erf(a)) on 1..4; at 4 the result has long been 1.
  const F a = at_most<F>(magnitude, L::set(4.0F));
  F q = L::fma(L::set(0x1.45ac78p-24F), a, L::set(-0x1.bdd436p-19F));
  q = L::fma(q, a, L::set(0x1.054c58p-14F));
  q = L::fma(q, a, L::set(-0x1.679370p-11F));
  q = L::fma(q, a, L::set(0x1.4befb6p-8F));
  q = L::fma(q, a, L::set(-0x1.bbffa4p-6F));
  q = L::fma(q, a, L::set(0x1.c6e1a0p-4F));
  q = L::fma(q, a, L::set(0x1.430c46p-1F));
  q = L::fma(q, a, L::set(0x1.2173eep+0F));
  q = L::fma(q, a, L::set(-0x1.b48d86p-12F));
  const F far = with_sign_of<F>(L::set(1.0F) - exp<F>(-q), x);
  return magnitude < L::set(1.0F) ? near_zero : (x == x ? far : x);
}

#undef CHENGYING_LANES

/// x^y, through double precision.
float pow(float x, float y);

/// clamp(rne(t) + zero_point, low, high) as whole numbers; a NaN gives `low`. low <= zero_point <= high, all
/// of them in -32768..65535.
inline std::int32_t requantise(float t, std::int32_t zero_point, std::int32_t low, std::int32_t high) {
  const float clamped =
      clamp<float>(t, static_cast<float>(low - zero_point), static_cast<float>(high - zero_point));
  return static_cast<std::int32_t>(rne<float>(clamped)) + zero_point;
}
inline std::uint8_t requantise_u8(float t, std::int32_t zero_point) {
  return static_cast<std::uint8_t>(requantise(t, zero_point, 0, 255));
}

/// IEEE half and bfloat16: to f32 exactly, from f32 to nearest even; overflow gives infinity, a NaN the
/// canonical one (0x7e00, 0x7fc0).
float f32_from_f16(std::uint16_t bits);
std::uint16_t f16_from_f32(float x);
float f32_from_bf16(std::uint16_t bits);
std::uint16_t bf16_from_f32(float x);

}  // namespace chengying::exact
