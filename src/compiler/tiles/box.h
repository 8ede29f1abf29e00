// Box: a block of a tensor in its logical dimensions. What tasks produce, need, and hold. A value; any rank.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace chengying::compiler::tiles {

/// start[d] .. start[d] + size[d] - 1 in each dimension; empty if a size is 0. Rank 0 is one element.
struct Box {
  std::vector<std::int64_t> start, size;
  bool operator==(const Box&) const = default;

  static Box whole(const Shape& shape) { return {std::vector<std::int64_t>(shape.size(), 0), shape}; }
  bool empty() const;
  std::int64_t elements() const;
};

Box intersection(const Box& a, const Box& b);
/// The smallest box around both; an empty one does not count.
Box bound(const Box& a, const Box& b);
bool contains(const Box& outer, const Box& inner);
/// What of `a` is not in `b`, as disjoint boxes (at most two for each dimension).
std::vector<Box> difference(const Box& a, const Box& b);
/// What of `a` is in none of `boxes`.
std::vector<Box> difference(const Box& a, const std::vector<Box>& boxes);
/// "[0:1,0:64,28:56,0:56]"
std::string to_string(const Box& box);

}  // namespace chengying::compiler::tiles
