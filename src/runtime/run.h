// Run: requests through an Engine: cut and joined into the programs that there are, each request's outputs as
// if it had run alone. For one caller at a time for each engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "chip/engine.h"
#include "isa/program.h"
#include "tensor/tensor.h"

namespace chengying::runtime {

/// Inputs that fit a request of `batch` samples, in the program's order: kInvalidArgument names the input,
/// what it is and what it should be.
Status check_inputs(const isa::Executable& executable, std::int32_t batch, std::span<const Tensor> inputs);

/// One request of a merged run.
struct Part {
  std::int32_t batch = 1;
  std::span<const Tensor> inputs;  // as check_inputs accepts
  std::vector<Tensor> outputs;     // set by run_parts
};

/// Runs the parts together on an engine that has loaded `executable`. The batches' sum must have a plan
/// (CHECKed; see cost.h). kInvalidArgument "trap at instruction ..." if the program traps.
Status run_parts(chip::Engine& engine, const isa::Executable& executable, std::span<Part> parts,
                 const chip::RunOptions& options = {});

}  // namespace chengying::runtime
