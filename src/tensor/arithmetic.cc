#include "tensor/arithmetic.h"

#include <bit>
#include <cmath>

namespace chengying::exact {
namespace {

/// Natural logarithm of a positive, finite, normal double: 2 atanh(s) by its series, |s| <= 0.172.
double log_of(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  const std::int64_t exponent = (bits - 0x3fe6a09e667f3bcd) >> 52;
  const double m = std::bit_cast<double>(bits - exponent * (std::int64_t{1} << 52));
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 1.0 / 19;
  for (int term = 17; term >= 1; term -= 2) series = __builtin_fma(series, z, 1.0 / term);
  return __builtin_fma(static_cast<double>(exponent), 0x1.62e42fefa39efp-1, 2 * s * series);
}

/// e^x for x in -150..150, by the Taylor series to degree 13 on |r| <= ln2 / 2.
double exp_of(double x) {
  const double shift = 0x1.8p52;
  const double n = (x * 0x1.71547652b82fep+0 + shift) - shift;
  double r = __builtin_fma(n, -0x1.62e42fefa39efp-1, x);
  r = __builtin_fma(n, -0x1.abc9e3b39803fp-56, r);
  double y = 1;
  for (int i = 13; i >= 1; --i) y = __builtin_fma(y * r, 1.0 / i, 1.0);
  return y * std::bit_cast<double>((static_cast<std::int64_t>(n) + 1023) << 52);
}

bool is_whole(float y) {
  return rne<float>(y) == y;
}
/// An odd whole number; those from 2^24 on are all even.
bool is_odd(float y) {
  const float a = absolute<float>(y);
  return is_whole(y) && a < 16777216.0F && (static_cast<std::int32_t>(a) & 1) == 1;
}

}  // namespace

float pow(float x, float y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return kNaN;
  const float a = absolute<float>(x);
  const bool negative = std::signbit(x);
  if (negative && a != 0 && a != kInf && !is_whole(y)) return kNaN;
  const float sign = negative && is_odd(y) ? -1.0F : 1.0F;
  if (a == 1) return sign;
  if (a == 0 || a == kInf || absolute<float>(y) == kInf) return (a > 1) == (y > 0) ? sign * kInf : sign * 0;
  double t = static_cast<double>(y) * log_of(static_cast<double>(a));
  t = t > -110 ? t : -110;
  t = t < 90 ? t : 90;
  return sign * static_cast<float>(exp_of(t));
}

float f32_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  if (exponent == 0x1f) return std::bit_cast<float>(fraction != 0 ? 0x7fc00000 : sign | 0x7f800000);
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

std::uint16_t f16_from_f32(float x) {
  if (x != x) return 0x7e00;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) return static_cast<std::uint16_t>(sign | 0x7c00);  // rounds to 2^16 or more
  if (magnitude < 0x38800000) {  // below 2^-14: whole steps of 2^-24
    const float steps = rne<float>(std::bit_cast<float>(magnitude) * 0x1p24F);
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(steps));
  }
  const std::uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return static_cast<std::uint16_t>(sign | ((rounded >> 13) - (112U << 10)));
}

float f32_from_bf16(std::uint16_t bits) {
  const float x = std::bit_cast<float>(std::uint32_t{bits} << 16);
  return canonical<float>(x);
}

std::uint16_t bf16_from_f32(float x) {
  if (x != x) return 0x7fc0;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace chengying::exact
