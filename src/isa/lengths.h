// Operations whose length an argument of the run gives, not a shape: attention over pages of keys and values,
// and the search of a table for what is nearest. Part of the instruction set; instruction.h has the rules
// that all operations share. `lengths` and `count` are numbers of Program::arguments: time and cost follow
// the arguments, never tensor data.
//
// dot(a, b) of two rows of d elements, f32 (bf16 is widened exactly): 16 strided partial sums (i mod 16, from
// +0, by fused multiply-add in ascending order), added pairwise as in Softmax.
#pragma once

#include <cstdint>
#include <optional>

#include "isa/address.h"

namespace chengying::isa {

/// Attention of each sequence s over its own length L = arguments[lengths + s], whose keys and values lie in
/// pages of `places` rows: row j of the sequence is place j mod places of page pages(s, j / places).
///   query, output: f32 [sequences, heads, rows, d], innermost stride 4
///   keys, values:  f32 or bf16 [pages there are, heads_kv, places, d], innermost dense; heads is a multiple
///                  of heads_kv, and head h reads h / (heads / heads_kv)
///   pages:         i32 [1, 1, sequences, pages of the longest]
/// For each row r of query, seen = causal ? L - (rows - 1 - r) : L (the query rows are the last of the
/// sequence):
///   x_j = dot(query, key_j) * scale for j < seen; y = Softmax of these; output_i = chain of fused
///   multiply-adds y_j * value_j[i] over j in ascending order, from +0
/// L is at least `rows` and at most what the pages hold. A page number outside of what there are is a Trap;
/// its keys and values read as 0. Pages behind the last that L needs are not looked at.
struct Attention {
  View query, keys, values, pages, output;
  std::uint32_t lengths = 0;
  float scale = 1;
  bool causal = false;
  bool operator==(const Attention&) const = default;
};

/// The numbers of the rows of a table that score best against each query, the best first.
///   query [1, 1, m, d], rows [1, 1, n, d], output i32 [1, 1, m, k]; innermost dense
///   u8 and u8:          t = f32(sum of (q - query_zero_point) * (r - rows_zero_point)) * scale, the sum in
///                       i32, modulo 2^32
///   f32 and f32 or bf16: t = dot(q, r) * scale
///   then t = t + addend, if there is one: f32 [1, 1, m, n], with stride 0 where it repeats (minus half of
///   the squared length of a row makes the largest score the smallest distance)
/// Of equal scores (+0 and -0 too) the lower number comes first; a NaN comes after everything that is none.
/// Only the first arguments[count] rows count, k of them at least; without `count` all n.
struct Scan {
  View query, rows;
  std::optional<View> addend;
  View output;
  std::optional<std::uint32_t> count;
  float scale = 1;
  std::int32_t query_zero_point = 0, rows_zero_point = 0;  // u8 only
  bool operator==(const Scan&) const = default;
};

}  // namespace chengying::isa
