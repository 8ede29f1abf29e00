// Operations that compare, choose and look up elements. Part of the instruction set; instruction.h has the
// rules that all operations share. Truth is a byte, u8 or bool alike: 0 is false, everything else true; what
// is stored is 0 or 1.
#pragma once

#include <cstdint>

#include "isa/address.h"

namespace chengying::isa {

enum class CompareKind : std::uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kAnd, kOr, kXor };
inline constexpr std::size_t kCompareKindCount = 7;

/// output = a op b, elementwise, into bytes; a and b have the output's shape, with stride 0 where they
/// repeat. a and b are both f32, i32, i64 or bytes (u8, bool). f32 compares as IEEE 754: with a NaN only
/// kNotEqual holds, and -0 equals +0. Greater is less with a and b exchanged. kAnd, kOr and kXor take bytes
/// as truth values.
struct Compare {
  CompareKind kind = CompareKind::kEqual;
  View a, b, output;
  bool operator==(const Compare&) const = default;
};

/// output = condition ? a : b, elementwise; condition is a byte, a and b have the output's format, any of
/// them. Moves bytes. Stride 0 where an input repeats.
struct Select {
  View condition, a, b, output;
  bool operator==(const Select&) const = default;
};

/// Elements by their number along the second dimension:
///   output(n, r, x, y) = data(n, i, x, y) with i = indices(n, r, x, y), i + rows where i is negative
/// Moves bytes, of any format. data has any number of rows, else the output's shape; indices are i32 or i64
/// of the output's shape, with stride 0 where they repeat: over x and y for whole rows (an embedding),
/// nowhere for single elements. An index outside of -rows .. rows - 1 is the program's fault: the run ends
/// with a Trap, after the element has become 0.
struct Gather {
  View data, indices, output;
  bool operator==(const Gather&) const = default;
};

/// The reverse:  output(n, i, x, y) = updates(n, r, x, y) with i = indices(n, r, x, y), in the order of the
/// index, the innermost dimension fastest, so that the last of two equal indices stays. Elements of the
/// output that no index names stay as they are (so the output must have been written before). updates and
/// indices have one shape, the output's but for the number of rows. An index outside of the rows is a Trap,
/// and nothing is written for it.
struct Scatter {
  View updates, indices, output;
  bool operator==(const Scatter&) const = default;
};

/// The numbers of the largest (or smallest) elements of each innermost row, the best first: input f32 [x, y,
/// z, n], output i32 or i64 [x, y, z, k], k <= n. Of equal elements (+0 and -0 too) the lower number comes
/// first; a NaN comes after everything that is none. ArgMax and ArgMin are k = 1; the values are a Gather by
/// the numbers.
struct TopK {
  View input, output;
  bool smallest = false;
  bool operator==(const TopK&) const = default;
};

/// Draws one element of each row: input f32 [x, y, z, n], the logits, in the order in which they may be cut
/// off (the best first: gathered by a TopK); choice f32 [x, y, z, 3]: u in 0 .. 1, the inverse temperature,
/// and the share of probability that is kept; output i32 or i64 [x, y, z, 1], the number of the element.
///   m = the largest that is not NaN, plus +0; e_i = exp((x_i - m) * inverse_temperature), 0 for a NaN
///   r_i = r_(i-1) + e_i, from +0 in ascending order; cut = r_(n-1) * share
///   kept are the first element, and each i with r_(i-1) < cut; r = r of the last one kept
///   the first kept element with r_i > u * r, else the last kept
/// A choice that makes no sense draws an element all the same.
struct Sample {
  View input, choice, output;
  bool operator==(const Sample&) const = default;
};

}  // namespace chengying::isa
