// Layer noise: what rounding to bytes does to the result of each convolution and product, by itself and in
// the network, and to the model's answer. One thread; fails as the samples or the chip's run do.
#pragma once

#include <vector>

#include "compiler/passes/noise_meter.h"
#include "compiler/passes/quantise.h"

namespace chengying::compiler {

/// Nodes of the graph, ascending, that the plan rounds or keeps real: convolutions and products.
std::vector<std::uint32_t> layers_of(const Graph& graph, const QuantisationPlan& plan);

/// Measures plans for one graph. It, the calibration and the progress outlive the meter.
class LayerMeter {
 public:
  LayerMeter(const Graph& graph, std::vector<std::uint32_t> layers, const Calibration& calibration,
             const Progress& progress);

  Status prepare();

  struct Decibels {
    std::vector<double> layers;  // in the order of `layers`
    double answer = kNoNoise;    // the least of the answers'
  };
  /// With all that the plan rounds, rounded. `graph`: the meter's, or one with the same nodes that computes
  /// the same answer.
  Result<Decibels> together(const Graph& graph, const QuantisationPlan& plan) const;
  /// `together`'s answer alone, which takes less.
  Result<double> answer(const Graph& graph, const QuantisationPlan& plan) const;
  /// Of each layer when only its own input and weights are rounded.
  Result<std::vector<double>> alone(const Graph& graph, const QuantisationPlan& plan) const;

 private:
  Result<double> answer_of(const Graph& rounded) const;

  const std::vector<std::uint32_t> layers_;
  const std::vector<ValueId> values_;  // the layers' results
  NoiseMeter meter_, answer_meter_;
};

}  // namespace chengying::compiler
