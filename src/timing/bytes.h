// Bytes: what each instruction moves, by the link that it moves over, and how fast the slice's links are. For
// rooflines. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::timing {

/// By Limit; 0 for limits that are no links.
using BytesByLink = std::array<std::uint64_t, kLimitCount>;

/// As the program's instructions. A byte counts once on each link on its way.
std::vector<BytesByLink> bytes_by_link(const isa::Program& program, const isa::ChipSpec& chip,
                                       std::uint16_t cores);

/// Bytes a second of all links of one kind of a slice together; 0 if the chip has none.
double bytes_per_second(Limit link, const isa::ChipSpec& chip, std::uint16_t cores);

}  // namespace chengying::timing
