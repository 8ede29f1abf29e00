// choose_layers: what measured loss decides about a plan: what is equalised, and which layers stay
// real because bytes cost their answer too much. One thread; fails as the samples or the chip's run do.
#pragma once

#include <string>
#include <vector>

#include "compiler/passes/layer_noise.h"
#include "compiler/quantise_model.h"

namespace chengying::compiler {

/// A graph and its plan, and what was measured of them.
struct Rounding {
  Graph graph;
  QuantisationPlan plan;
  std::vector<std::uint32_t> layers;  // nodes; all below in this order
  std::vector<double> alone;
  LayerMeter::Decibels together;
  std::vector<std::string> reasons;  // "" for what is rounded as it came
};

/// Equalises what gains by it: the groups whose readers come out better by themselves, if all of them
/// together make the answer better. Calibrates anew then, and returns true.
Result<bool> equalise_where_it_helps(Rounding& rounding, const LayerMeter& meter, const Calibration& all,
                                     const Calibration& few, const Progress& progress);

/// Keeps layers real, the one first that alone makes the answer best, each only if the answer then gets
/// better by it, until `options` are met or nothing helps any more.
Status keep_what_loses_most(Rounding& rounding, const QuantiseOptions& options, const LayerMeter& meter);

}  // namespace chengying::compiler
