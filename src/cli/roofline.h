// Roofline: how fast each layer runs against how much it computes for each byte, below what the slice's
// multipliers and its memory allow. Pure.
#pragma once

#include "cli/plot.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::cli {

/// Layers that multiply, by the chip's model. Bytes are those of DRAM if the program uses it, else of SRAM.
Plot roofline_of(const isa::Executable& executable, const isa::Program& program, const isa::ChipSpec& chip,
                 const timing::Timing& timing);

}  // namespace chengying::cli
