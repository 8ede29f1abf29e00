// LocalEngine: runs executables in this process, on the engine that the service runs them with, and says what
// that costs by the chip's model. For one caller at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "chip/engine.h"
#include "compiler/compile.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "runtime/device.h"
#include "tensor/tensor.h"

namespace chengying::cli {

/// Threads of this machine that a slice of `cores` gets when nobody says how many.
unsigned default_threads(std::int64_t cores);

class LocalEngine {
 public:
  LocalEngine(const isa::ChipSpec& chip, std::uint16_t cores, unsigned threads);

  /// Errors of verify: a program that the chip or slice cannot run.
  Status load(std::shared_ptr<const isa::Executable> executable);
  /// One request of `batch` samples through the loaded executable.
  Result<std::vector<Tensor>> run(std::int32_t batch, const std::vector<Tensor>& inputs,
                                  std::span<const std::int64_t> arguments = {});
  /// What that costs; clock_ns is that of the last run, 0 before.
  Result<runtime::RunCost> cost_of(std::int32_t batch, std::span<const std::int64_t> arguments = {}) const;

 private:
  const isa::ChipSpec& chip_;
  chip::Engine engine_;
  std::shared_ptr<const isa::Executable> executable_;
  std::uint64_t clock_ns_ = 0;
};

/// A runner for calibration on `chip`, which must outlive it. It keeps the executable that it ran last
/// loaded.
compiler::Runner make_runner(const isa::ChipSpec& chip);

}  // namespace chengying::cli
