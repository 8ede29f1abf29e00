// Quantise: int8 for models that are float. calibrate() runs the f32 graph on samples and finds a scale for
// each value that is worth bytes; insert_quantisers() writes them into a graph as quantise/dequantise pairs,
// from which the integer passes make integers, and quantise_to_onnx() a file that others run too.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// What of a simplified f32 graph is to be integers.
struct IntegerChoice {
  std::vector<ValueId> values;        // to be u8
  std::vector<ValueId> real_results;  // made from integers, but wanted in real numbers: logits
};

/// The mean of each input channel of a convolution or product over all samples and places: of its real
/// numbers, and of what is left of them as bytes. What rounding takes from the sums on average follows, and
/// is given back by the bias.
struct ChannelMeans {
  std::vector<double> real, rounded;
  std::vector<double> largest;  // magnitude of the real numbers
};

struct QuantisationPlan {
  std::map<ValueId, Quantisation> activations;  // of the graph that was calibrated, and of its other batches
  std::map<ValueId, ChannelMeans> means;
  std::vector<ValueId> real_results;
  std::set<ValueId> kept;  // results of convolutions and products that stay real, with weights in bf16
  std::size_t values = 0, nodes = 0;  // of that graph: what it is checked by
  std::vector<std::string> notes;
};

/// The scale of a value, through what only moves it; null if it stays real. `producer(id)`: the node that
/// makes a value in the graph that was calibrated, or null.
template <class Producer>
const Quantisation* scale_of(const QuantisationPlan& plan, ValueId id, Producer producer) {
  for (int depth = 0; depth < 64; ++depth) {
    if (const auto found = plan.activations.find(id); found != plan.activations.end()) return &found->second;
    const Node* node = producer(id);
    if (node == nullptr || node->inputs.size() != 1) return nullptr;
    id = node->inputs[0];
  }
  return nullptr;
}

/// `kept`: results of convolutions and products that are to stay real.
IntegerChoice choose_integers(const Graph& graph, const std::set<ValueId>& kept = {});

/// Runs the samples (by Calibration::run, or slowly by interpret() if there is none) and chooses scales.
/// kInvalidArgument: no samples, or samples that do not fit the model's inputs.
Result<QuantisationPlan> calibrate(const Graph& graph, const Calibration& calibration,
                                   const Progress& progress);

/// The plan with more convolutions and products kept real, which round less: no scale changes.
QuantisationPlan keeping(const QuantisationPlan& plan, const Graph& graph, const std::set<ValueId>& kept);

/// Puts quantise and dequantise behind each planned value, and integers with scales per output channel in
/// place of weights. kInternal if the graph is not like the one that was calibrated.
Status insert_quantisers(Graph& graph, const QuantisationPlan& plan);

}  // namespace chengying::compiler
