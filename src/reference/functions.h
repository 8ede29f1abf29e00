// The value of each kind of Unary and Binary, over any lane type (see tensor/lanes.h): one definition for the
// reference's scalars and the kernels' vectors.
#pragma once

#include "isa/instruction.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {

/// x tanh(softplus(x)), by e^-|x| so that nothing overflows.
template <class F>
[[gnu::always_inline]] inline F mish(F x) {
  using L = exact::Lanes<F>;
  const F e = exact::exp<F>(-exact::absolute<F>(x));
  const F two = L::set(2.0F), square = e * e;
  const auto negative = x < L::set(0.0F);
  const F top = negative ? L::fma(two, e, square) : L::fma(two, e, L::set(1.0F));
  const F bottom = top + (negative ? two : two * square);
  return x * (top / bottom);
}

/// Not yet `canonical`.
template <isa::UnaryKind kKind, class F>
[[gnu::always_inline]] inline F unary_value(F x, F alpha, F beta) {
  using L = exact::Lanes<F>;
  using enum isa::UnaryKind;
  const F zero = L::set(0.0F), one = L::set(1.0F), half = L::set(0.5F);
  if constexpr (kKind == kRelu) return exact::at_least<F>(x, zero);
  if constexpr (kKind == kClip) return exact::clamp<F>(x, alpha, beta);
  if constexpr (kKind == kLeakyRelu) return x > zero ? x : alpha * x;
  if constexpr (kKind == kElu) return x > zero ? x : alpha * exact::expm1<F>(x);
  if constexpr (kKind == kSigmoid) return exact::sigmoid<F>(x);
  if constexpr (kKind == kHardSigmoid) return exact::clamp<F>(L::fma(alpha, x, beta), zero, one);
  if constexpr (kKind == kHardSwish)
    return x * exact::clamp<F>(L::fma(x, L::set(0x1.555556p-3F), half), zero, one);
  if constexpr (kKind == kTanh) return exact::tanh<F>(x);
  if constexpr (kKind == kExp) return exact::exp<F>(x);
  if constexpr (kKind == kLog) return exact::log<F>(x);
  if constexpr (kKind == kSqrt) return L::sqrt(x);
  if constexpr (kKind == kReciprocal) return one / x;
  if constexpr (kKind == kNeg) return -x;
  if constexpr (kKind == kAbs) return exact::absolute<F>(x);
  if constexpr (kKind == kErf) return exact::erf<F>(x);
  if constexpr (kKind == kGelu) return (half * x) * (one + exact::erf<F>(x * L::set(0x1.6a09e6p-1F)));
  if constexpr (kKind == kSoftplus) return exact::softplus<F>(x);
  if constexpr (kKind == kFloor) return exact::floor_of<F>(x);
  if constexpr (kKind == kCeil) return exact::ceil_of<F>(x);
  if constexpr (kKind == kRound) return exact::rne<F>(x);
  if constexpr (kKind == kSilu) return x * exact::sigmoid<F>(x);
  if constexpr (kKind == kMish) return mish<F>(x);
}

/// All but kPow, which has no lanes: exact::pow.
template <isa::BinaryKind kKind, class F>
[[gnu::always_inline]] inline F binary_value(F a, F b) {
  using enum isa::BinaryKind;
  static_assert(kKind != kPow);
  if constexpr (kKind == kAdd) return a + b;
  if constexpr (kKind == kSub) return a - b;
  if constexpr (kKind == kMul) return a * b;
  if constexpr (kKind == kDiv) return a / b;
  if constexpr (kKind == kMax) return exact::at_least<F>(a, b);
  if constexpr (kKind == kMin) return exact::at_most<F>(a, b);
}

}  // namespace chengying::reference
