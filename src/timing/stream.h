// Stream: the steady state of a chip that is never without work: the same program again and again, two
// requests in flight, each with buffers of its own, the second a quarter, a half or three quarters of a
// request behind (the best is taken); an engine takes what comes first of either. What a stopwatch sees of a
// program alone is `walk`. Pure.
#pragma once

#include <cstdint>

#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::timing {

struct Stream {
  double cycles = 0;      // between the ends of two requests
  double picojoules = 0;  // of one, idle power included
};

/// `program` must be one that verify accepts; it needs twice its scratch.
Stream stream_of(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores);

/// The program of so many requests in such a stream, for one walk. `alone` is the walk of one of them; the
/// second of each pair is meant to start `apart` cycles after the first.
isa::Program repeated(const isa::Program& program, const Timing& alone, std::uint32_t requests,
                      std::uint64_t apart);

}  // namespace chengying::timing
