// Trace: a walk as a file that Perfetto (ui.perfetto.dev) and chrome://tracing open: a process for each core,
// a track for each of its engines, a slice for each instruction with its phases inside, and a slice for each
// idle stretch that says what the engine waited for. docs/timing.md. Pure.
#pragma once

#include <string>

#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::cli {

/// Chrome's trace event format (JSON). Times in microseconds of the chip's clock.
std::string trace_json(const isa::Executable& executable, const isa::Program& program,
                       const isa::ChipSpec& chip, const timing::Timing& timing);

}  // namespace chengying::cli
