// What the guesses of a chip's spec are worth: each number that is marked as estimated at half and at twice
// its value, and other shapes of a multiplier array of the same size; what becomes of ResNet-50's published
// figures.
#pragma once

#include <string>

#include "isa/spec.h"

namespace chengying::bench {

/// A table as text; `onnx` is the model, on all cores: a stream of `batch` images, and one image alone.
std::string guesses_table(const isa::ChipSpec& chip, const std::string& onnx, std::int32_t batch);

}  // namespace chengying::bench
