// The suite: programs over which the laws are held, and small ways to run them. An entry makes its executable
// for any chip, slice and set of batches; what it computes for a sample never depends on those.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "chip/engine.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "runtime/device.h"
#include "tensor/tensor.h"

namespace chengying::laws {

struct Entry {
  std::string name;
  bool needs_f32 = false;  // convolutions in f32, which not every chip has
  std::function<std::shared_ptr<const isa::Executable>(const isa::ChipSpec& chip, std::uint16_t cores,
                                                       const std::vector<std::int32_t>& batches)>
      executable;
  /// One input tensor of `batch` samples; sample i has the seed `seed + i`, so batches are made of known
  /// samples.
  std::function<Tensor(std::int32_t batch, std::uint32_t seed)> input;
};

/// Small and varied: every entry runs in a few milliseconds.
const std::vector<Entry>& suite();

/// A spec of chips/, with its number of cores raised to at least `cores` (this machine's chip is small).
isa::ChipSpec chip_named(const std::string& name, std::int64_t cores = 8);

/// The first output of one request, alone, on an engine of its own.
std::vector<std::byte> run_alone(const isa::ChipSpec& chip,
                                 const std::shared_ptr<const isa::Executable>& executable,
                                 const Tensor& input, unsigned threads = 1,
                                 chip::KernelSet kernels = chip::best_kernels());

/// Sends one request; the future has its end.
std::future<runtime::RunDone> send(runtime::Device& device, runtime::SliceId slice, runtime::LoadedId loaded,
                                   Tensor input);
/// The bytes of the first output; a failure of the test if there are none.
std::vector<std::byte> bytes_of(const runtime::RunDone& done);

}  // namespace chengying::laws
