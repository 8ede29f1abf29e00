// Footprint: the exact set of bytes that a view touches, as runs of bytes at nested strides, and the three
// questions that verify asks of such sets. Needed because channel slices of one buffer (concatenation, a
// convolution whose output channels are spread over cores) lie interleaved: as intervals they would seem to
// overlap.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "isa/address.h"

namespace chengying::isa {

/// Bytes first + sum(i_d * dims[d].stride) + j, for all i_d < dims[d].count and j < run. Invariant: nested,
/// that is each stride is at least the length of what it repeats; dims outermost first, counts >= 2. What
/// of() gives has as few dims as can be.
class Footprint {
 public:
  struct Dim {
    std::int64_t count = 0, stride = 0;
    bool operator==(const Dim&) const = default;
  };

  Footprint(std::int64_t first, std::int64_t run) : first_(first), run_(run) {}

  /// The bytes of a view's first `shape[3] - padding` innermost elements, whatever the order of its strides.
  /// If its elements overlap each other the set is not nested: then nested() is false and the footprint is
  /// all bytes from the first to the last.
  static Footprint of(const View& view, std::int32_t padding = 0);

  std::int64_t begin() const { return first_; }
  std::int64_t end() const { return first_ + length(); }
  std::int64_t length() const;  // from the first byte to the last
  bool dense() const { return size_ == 0; }
  bool nested() const { return nested_; }
  std::span<const Dim> dims() const { return {dims_.data(), size_}; }
  std::int64_t run() const { return run_; }
  bool operator==(const Footprint&) const = default;

  /// This one's part of index `i` along its outermost dim (not dense).
  Footprint inner(std::int64_t i) const;
  /// Only indices [from, to) of the outermost dim (not dense); to > from.
  Footprint part(std::int64_t from, std::int64_t to) const;
  /// The same bytes as up to three footprints, each one a group of at most a period's length or a repetition
  /// of such a group at stride `period`; groups begin at `origin` (modulo the period). Empty if that can't
  /// be: the own outermost stride is longer than the period or does not divide it.
  std::vector<Footprint> split(std::int64_t period, std::int64_t origin) const;

 private:
  Footprint repeated(std::int64_t count, std::int64_t stride) const;

  std::int64_t first_, run_;
  std::array<Dim, 5> dims_{};  // four of a view, and one that split() adds
  std::size_t size_ = 0;
  bool nested_ = true;
};

/// Counts the work of the questions below; at 0 they stop and answer on the safe side.
struct Budget {
  std::uint64_t steps = 0;
  bool exhausted = false;
  bool spend(std::uint64_t count = 1) {
    if (steps < count) exhausted = true;
    steps -= exhausted ? steps : count;
    return !exhausted;
  }
};

/// Do they share a byte? Exact; true when the budget ends.
bool overlap(const Footprint& a, const Footprint& b, Budget& budget);
/// Does `outer` surely hold all bytes of `inner`? Quick and sufficient, not exact: false may mean "not seen".
bool surely_contains(const Footprint& outer, const Footprint& inner);
/// Is each byte of `wanted` in at least one of `parts`? Exact where strides are equal or divide each other,
/// as those of slices and tiles of one buffer do; else, and when the budget ends, false.
bool covered(const Footprint& wanted, std::span<const Footprint> parts, Budget& budget);

}  // namespace chengying::isa
