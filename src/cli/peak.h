// Peak: what a core could multiply at most, in the format that a program multiplies in. Pure.
#pragma once

#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::cli {

/// Operations a second (two for each multiply-accumulate) of one core; 0 if `operation` doesn't multiply.
double peak_ops_per_second(const isa::Operation& operation, const isa::ChipSpec& chip);
/// In the format that most of the program's multiplications are in; 0 if it has none.
double peak_ops_per_second(const isa::Program& program, const isa::ChipSpec& chip);

}  // namespace chengying::cli
