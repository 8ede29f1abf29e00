// Runs what lower() makes on the chip's engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chip/engine.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "tensor/tensor.h"

namespace chengying::compiler::testing {

/// chips/NAME.toml; aborts if it can't be read.
isa::ChipSpec chip_named(const std::string& name);

/// The outputs of the program for `batch`; aborts on a trap.
std::vector<Tensor> run(const std::shared_ptr<const isa::Executable>& executable, const isa::ChipSpec& chip,
                        std::int32_t batch, const std::vector<Tensor>& inputs, unsigned threads = 1,
                        chip::KernelSet kernels = chip::KernelSet::kReference);

}  // namespace chengying::compiler::testing
