// From placed tiles to the isa's own form: physical addresses, few waits, and where constants are resident.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/tiles/place.h"
#include "compiler/tiles/tiles.h"
#include "isa/spec.h"

namespace chengying::compiler::tiles {

/// The program of `tiles` with its buffers at `places`; no residences yet.
isa::Program program_of(const Tiles& tiles, const Places& places);

/// Where the constants that the programs read are resident, the same for all of them, behind the largest
/// scratch: in the SRAM of each core what that core's instructions read; but in DRAM whole if there is no
/// SRAM, or if they don't fit it and the engines reach DRAM, or if the engine fetches them from there ahead.
std::vector<isa::Residence> residences_of(std::span<const isa::Program> programs, const isa::ChipSpec& chip,
                                          std::uint64_t constant_bytes);

/// Bytes of each memory that programs with these residences take, scratch included.
struct Footprint {
  std::uint64_t dram_bytes = 0;
  std::vector<std::uint64_t> sram_bytes;  // by core
  std::uint64_t sram_bytes_max() const;
};
Footprint footprint_of(std::span<const isa::Program> programs, std::span<const isa::Residence> residences,
                       std::uint16_t cores);

}  // namespace chengying::compiler::tiles
