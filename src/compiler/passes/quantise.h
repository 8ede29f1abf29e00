// Quantise: int8 for models that are float. calibrate() runs the f32 graph on samples and finds a scale for
// each value that is worth bytes; insert_quantisers() writes them into a graph as quantise/dequantise pairs,
// from which the integer passes make integers, and quantise_to_onnx() a file that others run too.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler {

struct QuantisationPlan {
  std::map<ValueId, Quantisation> activations;  // of the graph that was calibrated, and of its other batches
  std::size_t values = 0, nodes = 0;            // of that graph: what it is checked by
  std::vector<std::string> notes;
};

/// The values of a simplified f32 graph that are to be u8.
std::vector<ValueId> values_to_quantise(const Graph& graph);

/// Runs the samples (by Calibration::run, or slowly by interpret() if there is none) and chooses scales.
/// kInvalidArgument: no samples, or samples that do not fit the model's inputs.
Result<QuantisationPlan> calibrate(const Graph& graph, const Calibration& calibration,
                                   const Progress& progress);

/// Puts quantise and dequantise behind each planned value, and integers with scales per output channel in
/// place of weights. kInternal if the graph is not like the one that was calibrated.
Status insert_quantisers(Graph& graph, const QuantisationPlan& plan);

}  // namespace chengying::compiler
