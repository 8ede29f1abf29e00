// Order: which step must come after which, and which waits say so. Steps of one engine of one core run in the
// list's order (a lane); everything else is ordered only through waits.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/tiles/tiles.h"

namespace chengying::compiler::tiles {

/// Index of the engine of a core among all engines of the slice.
std::size_t lane_of(const isa::Instruction& step);

/// Sets the waits of every step to all earlier steps that it conflicts with (a shared byte, one of them
/// writes).
void order_steps(Tiles& tiles);

/// For each step and lane: how many of the lane's steps have surely ended before the step starts.
class Clocks {
 public:
  explicit Clocks(const std::vector<isa::Instruction>& steps);
  /// Whether step `a` has ended before step `b` starts.
  bool ordered(std::uint32_t a, std::uint32_t b) const { return of(b)[lane_[a]] > position_[a]; }
  std::size_t lanes() const { return lanes_; }
  std::size_t lane(std::uint32_t step) const { return lane_[step]; }
  /// How many steps of a lane have ended before a step starts.
  std::uint32_t ended(std::uint32_t step, std::size_t lane) const { return of(step)[lane]; }

 private:
  friend void reduce_waits(std::vector<isa::Instruction>& steps);
  const std::uint32_t* of(std::uint32_t step) const { return ended_.data() + step * lanes_; }
  std::size_t lanes_ = 0;
  std::vector<std::size_t> lane_;
  std::vector<std::uint32_t> position_;  // within its lane
  std::vector<std::uint32_t> ended_;     // [step][lane]
};

/// Drops every wait that follows from lanes and other waits.
void reduce_waits(std::vector<isa::Instruction>& steps);

}  // namespace chengying::compiler::tiles
