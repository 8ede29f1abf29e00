// compare_models: a model before and after it was quantised, run on this machine on the same samples:
// answers, time, and size. One thread; the engines have their own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/error.h"
#include "cli/sample_source.h"
#include "compiler/compile.h"
#include "isa/spec.h"

namespace chengying::cli {

/// One of the two models.
struct ModelFigures {
  std::uint64_t file_bytes = 0, constant_bytes = 0;  // as ONNX; in the executable
  std::uint64_t cycles = 0;                          // of one sample, by the chip's model
  double seconds = 0;                                // of one sample, by this machine's clock: the median
  std::optional<std::size_t> right;                  // of the labelled samples
};

struct Comparison {
  ModelFigures before, after;
  std::size_t samples = 0;
  std::optional<std::size_t> same;  // samples with the same largest element of the first output, if it is f32
};

/// Compiles both for all of `chip`, which is this machine's. `labels`: one for each sample, or none.
Result<Comparison> compare_models(const compiler::ModelSource& before, const compiler::ModelSource& after,
                                  const compiler::CompileOptions& options, const isa::ChipSpec& chip,
                                  const SampleSource& samples, std::span<const std::size_t> labels);

}  // namespace chengying::cli
