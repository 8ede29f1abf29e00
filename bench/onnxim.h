// What ONNXim, a cycle simulator of systolic chips, prints for its TPU-v4-like configuration, beside the same
// work on onnxim.toml, that configuration as a chip of ours.
#pragma once

#include <string>

#include "isa/spec.h"

namespace chengying::bench {

/// A table as text: its cycles, ours, and what no program could be faster than: by multipliers, by DRAM.
std::string onnxim_table(const isa::ChipSpec& chip);

}  // namespace chengying::bench
