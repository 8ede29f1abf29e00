// Variations: the chips of a sweep: one spec with some of its numbers changed, in every combination, or one
// at a time. Values; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "isa/spec.h"

namespace chengying::cli {

inline constexpr std::size_t kVariationsMax = 4096;

/// One chip of a sweep. `changes` has a row for each key that the sweep varies.
struct Variation {
  isa::ChipSpec chip;
  std::vector<std::pair<std::string, double>> changes;
  /// Why there can be no such chip; empty if there can.
  std::string impossible;
};

/// "KEY=a,b,c", where a value is a number or "x" and a factor of the spec's own: every combination of all
/// arguments, the last one changing fastest. An impossible combination (a rule of specs broken) is kept, and
/// says so. kInvalidArgument: an argument that doesn't read so, an unknown key, a value out of range, more
/// than kVariationsMax.
Result<std::vector<Variation>> combinations(const isa::ChipSpec& chip,
                                            const std::vector<std::string>& arguments);

/// Each number of the spec that is marked as estimated, at half and at twice its value, one at a time.
std::vector<Variation> guesses_changed(const isa::ChipSpec& chip);

}  // namespace chengying::cli
