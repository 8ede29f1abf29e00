// Place: offsets for virtual buffers, from live ranges. Two buffers of one memory may share bytes only if all
// that touch the one end before any that touches the other starts.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/tiles/tiles.h"

namespace chengying::compiler::tiles {

enum class Reuse : std::uint8_t {
  kOrdered,  // only where the steps are ordered already: costs memory, never time
  kAlways,   // wherever the list's order allows; waits are added where they were missing
};

struct Places {
  std::vector<std::uint64_t> offset;  // by buffer
  std::uint64_t dram_bytes = 0;
  std::vector<std::uint64_t> sram_bytes;  // by core
};

/// The steps' waits must be set (order_steps); kAlways adds to them.
Places place_buffers(Tiles& tiles, std::uint16_t cores, Reuse reuse);

}  // namespace chengying::compiler::tiles
