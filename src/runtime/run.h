// Run: requests through an Engine: cut and joined into the programs that there are, each request's outputs as
// if it had run alone. For one caller at a time for each engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "chip/engine.h"
#include "isa/program.h"
#include "runtime/device.h"
#include "tensor/tensor.h"

namespace chengying::runtime {

/// Inputs that fit a request of `batch` samples, in the program's order: kInvalidArgument names the input,
/// what it is and what it should be.
Status check_inputs(const isa::Executable& executable, std::int32_t batch, std::span<const Tensor> inputs);
/// The same for bytes that lie somewhere; of outputs too. Their sizes are all there is to check.
Status check_buffers(const isa::Executable& executable, std::int32_t batch, const Buffers& buffers);
/// Whichever of the two the request brings, and its arguments.
Status check_request(const isa::Executable& executable, const Work& work);
/// kConflict if the request is of another grant than the slice.
Status check_fence(const Work& work, std::int64_t fence);
/// What a request of `batch` samples (checked) is answered with, zeroed.
std::vector<Tensor> make_outputs(const isa::Executable& executable, std::int32_t batch);
Buffers buffers_of(std::span<const Tensor> inputs, std::span<Tensor> outputs);

/// One request of a merged run.
struct Part {
  std::int32_t batch = 1;
  Buffers buffers;  // as check_buffers accepts; the outputs are written
};

/// Runs the parts together on an engine that has loaded `executable`. The batches' sum must have a plan
/// (CHECKed; see cost.h). kInvalidArgument "trap at instruction ..." if the program traps.
Status run_parts(chip::Engine& engine, const isa::Executable& executable, std::span<Part> parts,
                 const chip::RunOptions& options = {});

/// One request by itself, as check_inputs accepts.
Result<std::vector<Tensor>> run_alone(chip::Engine& engine, const isa::Executable& executable,
                                      std::int32_t batch, std::span<const Tensor> inputs,
                                      const chip::RunOptions& options = {});

}  // namespace chengying::runtime
