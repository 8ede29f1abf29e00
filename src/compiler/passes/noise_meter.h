// NoiseMeter: how far values of a graph that rounds are from the same values in real numbers, over a few
// samples: 10 log10 of the power of the real values over that of the differences. One thread; fails as the
// samples or the chip's run do.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/quantise_model.h"

namespace chengying::compiler {

class NoiseMeter {
 public:
  /// All of them outlive the meter; all samples of `calibration` are run. `values`: of the real graph.
  NoiseMeter(const Graph& real, std::vector<ValueId> values, const Calibration& calibration,
             const Progress& progress)
      : real_(real), values_(std::move(values)), calibration_(calibration), progress_(progress) {}

  /// Runs the real graph, and keeps the values.
  Status prepare();
  /// Decibels for each value; `ids`: what it is called in `rounded`, a graph with the same inputs.
  Result<std::vector<double>> measure(std::string_view what, const Graph& rounded,
                                      const std::vector<ValueId>& ids) const;
  /// The same, where the values have the same ids.
  Result<std::vector<double>> measure(std::string_view what, const Graph& rounded) const {
    return measure(what, rounded, values_);
  }

 private:
  const Graph& real_;
  const std::vector<ValueId> values_;
  const Calibration& calibration_;
  const Progress& progress_;
  std::vector<Tensor> kept_;  // sample by sample, value by value
};

}  // namespace chengying::compiler
