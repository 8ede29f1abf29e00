// Rows: elementwise operations as few long rows. Dimensions of one element go, neighbours that lie end to end
// in every operand merge, and the longest takes the inner place where the innermost is short: order does not
// matter. S, the lane set, only keeps apart what is compiled for different CPUs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "isa/address.h"

namespace chengying::chip {

template <class S, std::size_t N>
struct Rows {
  std::int32_t rank = 0;
  std::array<std::int64_t, 4> shape{};
  std::array<std::array<std::int64_t, N>, 4> stride{};  // [dimension][operand], bytes

  explicit Rows(const std::array<const isa::View*, N>& views) {
    for (std::size_t d = 0; d < 4; ++d) {
      if (views[0]->shape[d] > 1) add(views, d);
    }
    if (rank == 0) add(views, 3);
    put_longest_inside();
  }

  std::int64_t count() const { return shape[last()]; }
  const std::array<std::int64_t, N>& inner() const { return stride[last()]; }

  /// body(offsets of the row's first elements)
  template <class Body>
  void for_each(Body body) const {
    std::array<std::int64_t, 4> i{};
    std::array<std::int64_t, N> offset{};
    while (true) {
      body(offset);
      std::int32_t d = rank - 2;
      for (; d >= 0; --d) {
        const auto at = static_cast<std::size_t>(d);
        ++i[at];
        for (std::size_t o = 0; o < N; ++o) offset[o] += stride[at][o];
        if (i[at] < shape[at]) break;
        for (std::size_t o = 0; o < N; ++o) offset[o] -= stride[at][o] * shape[at];
        i[at] = 0;
      }
      if (d < 0) return;
    }
  }

 private:
  std::size_t last() const { return static_cast<std::size_t>(rank - 1); }

  void add(const std::array<const isa::View*, N>& views, std::size_t d) {
    const std::int64_t extent = views[0]->shape[d];
    bool merges = rank > 0;
    for (std::size_t o = 0; o < N && merges; ++o) merges = stride[last()][o] == views[o]->stride[d] * extent;
    if (!merges) ++rank;
    shape[last()] = merges ? shape[last()] * extent : extent;
    for (std::size_t o = 0; o < N; ++o) stride[last()][o] = views[o]->stride[d];
  }

  void put_longest_inside() {
    if (count() >= 16) return;
    std::size_t longest = last();
    for (std::size_t d = 0; d < last(); ++d) {
      if (shape[d] > shape[longest]) longest = d;
    }
    const auto s = shape[longest];
    const auto t = stride[longest];
    shape[longest] = shape[last()], stride[longest] = stride[last()];
    shape[last()] = s, stride[last()] = t;
  }
};

}  // namespace chengying::chip
