// Products of activations: matrix products whose both operands are computed, as attention has them. Part of
// the instruction set; instruction.h has the rules that all operations share.
#pragma once

#include <cstdint>
#include <optional>

#include "isa/address.h"

namespace chengying::isa {

/// Matrix product, batched: a [x, y, m, k] times b [x, y, k, n] gives output [x, y, m, n]; any strides. A
/// transposed operand is a view with its strides exchanged, one that all batches share has stride 0.
///   f32: a f32, b f32 or bf16 (widened exactly), output f32;
///        sum = chain of fused multiply-adds over k in ascending order, from +0
///   u8:  a and b u8, output u8 or f32;
///        sum = f32(sum over k of (a - a_zero_point) * (b - b_zero_point)), in i32, modulo 2^32
/// Then, for both:
///   t = sum * scale
///   output f32: t = t + addend, if there is one; store min(max(t, low), high) (a NaN becomes low only if low
///   or
///               high is finite; otherwise t is stored as it is)
///   output u8:  t = min(max(t, low), high); store clamp(rne(t) + output_zero_point, 0, 255)
/// The addend (a mask, a bias, a residual) is f32 of the output's shape, with stride 0 where it repeats.
struct MatMul {
  View a, b;
  std::optional<View> addend;  // f32 output only
  View output;
  float scale = 1;
  float low = -kInfinity, high = kInfinity;         // of u8 in output steps, relative to the zero point
  std::int32_t a_zero_point = 0, b_zero_point = 0;  // u8 only
  std::int32_t output_zero_point = 0;               // u8 output only
  bool operator==(const MatMul&) const = default;
};

}  // namespace chengying::isa
