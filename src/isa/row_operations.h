// Operations on whole rows and images of f32 that elementwise steps would say slowly or inexactly: norms,
// rotary embedding, resampling. Part of the instruction set; instruction.h has the rules that all operations
// share.
#pragma once

#include <cstdint>
#include <optional>

#include "isa/address.h"

namespace chengying::isa {

/// Of an entry of a table of Resize: an i32 number, then an f32 weight.
inline constexpr std::int32_t kTapBytes = 8;

enum class NormKind : std::uint8_t { kLayer, kRms };

/// Normalisation over the innermost dimension of n elements, f32. Sums are 16 strided partial sums (i mod 16,
/// from +0), added pairwise as in Softmax; squares go in by fma.
///   layer: mean = sum(x) / n; d = x - mean       rms: d = x
///   r = 1 / sqrt(sum of squares of d / n + epsilon)
///   t = d * r; with scale and shift t = fma(t, scale, shift), with one of them t = t * scale or t + shift;
///   store t
/// scale and shift are f32 of the output's shape, with stride 0 where they repeat.
struct Norm {
  NormKind kind = NormKind::kLayer;
  View input;
  std::optional<View> scale, shift;
  View output;
  float epsilon = 0;  // >= 0
  bool operator==(const Norm&) const = default;
};

/// Rotary embedding of rows of d elements (even), f32: pairs (p, q) are elements i and i + d/2, or 2i and 2i
/// + 1 if interleaved, with c = cosine(i) and s = sine(i), i in 0 .. d/2 - 1:
///   p' = (p * c) - (q * s); q' = (q * c) + (p * s)
/// Each product is rounded, so that the same steps as single operations give the same bytes. input and output
/// [x, y, z, d]; cosine and sine [x, y, z, d/2], with stride 0 where they repeat.
struct Rotary {
  View input, cosine, sine, output;
  bool interleaved = false;
  bool operator==(const Rotary&) const = default;
};

/// Resampling of images [n, h, w, c] to [n, oh, ow, c], f32, or u8 of one scale and zero point: each output
/// is a weighted sum over taps_h rows and taps_w columns of the input. For each output row the table `rows`
/// has taps_h taps, for each output column `columns` has taps_w; a tap is an i32 number of a row or column,
/// then an f32 weight (8 bytes), in constants, the taps of an output side by side.
///   s(row) = chain of fma(weight, x, s) over the column taps in their order, from +0
///   t = chain of fma(weight, s(row), t) over the row taps in their order, from +0
///   f32: store t.   u8: x = f32(q); store clamp(rne(t), 0, 255)
/// Nearest has one tap of weight 1, linear two, cubic four: which pixels, in which coordinate mode, at which
/// edges, says the table. A number outside of the input is a Trap, and its pixel reads as 0.
struct Resize {
  View input, output;
  Address rows, columns;
  std::int32_t taps_h = 1, taps_w = 1;  // 1..64
  bool operator==(const Resize&) const = default;
};

}  // namespace chengying::isa
