// Matrix products: of two computed operands, as attention has them, and with weights of few bits. Part of the
// instruction set; instruction.h has the rules that all operations share.
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

/// Matrix product with weights of few bits, for activations that are quantised on the way: every group of the
/// reduction has a scale for each row of the input and one for each output channel. input f32 [x, y, m, k],
/// output f32 [x, y, m, n], both with innermost stride 4; k is a multiple of group, group of 8.
///   of each row and group:  largest = max of abs(x), from +0 (a NaN counts as nothing); step = largest /
///   127;
///                           q = clamp(rne(x / step), -127, 127), 0 where step is 0 (a NaN gives -127)
///   sum = init[n], then for each group in ascending order:
///         part = f32(sum over the group of q * (w - offset)), exact in i32
///         sum = fma(part, step * scale[group][n], sum)
///   store min(max(sum, low), high); a NaN becomes low only if low or high is finite
/// weights: packed, see isa/packing.h: w of 4 bits with offset 8 (-8 .. 7), or of 8 bits with offset 128
/// (-128 .. 127). scale: f32 [k / group][n padded to 16]; init: f32[n padded to 16].
struct GroupedMatMul {
  View input, output;
  Address weights, scale, init;
  std::int32_t group = 32;  // 8 .. 4096
  std::int32_t bits = 4;    // 4 or 8
  float low = -kInfinity, high = kInfinity;
  bool operator==(const GroupedMatMul&) const = default;
};

}  // namespace chengying::isa
