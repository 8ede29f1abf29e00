// quantise_to_onnx: the calibrated model as a QDQ file. Other engines' integer kernels want every operator
// between a dequantisation and a quantisation, so a residual addition is not fused here: its operands are
// rounded first, once more than compile() rounds when it calibrates the float model itself.
#include <algorithm>
#include <optional>

#include "compiler/export/write_onnx.h"
#include "compiler/import/import.h"
#include "compiler/layers.h"
#include "compiler/passes/choose_layers.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/quantise.h"
#include "compiler/quantise_model.h"

namespace chengying::compiler {

namespace {

/// Other engines run an operator in integers only between a dequantisation and a quantisation: what only a
/// concatenation reads gets one of its own, with the concatenation's scale, which rounds alike.
void quantise_what_is_joined(const Graph& graph, QuantisationPlan& plan) {
  for (const Node& node : graph.nodes) {
    const auto joined = plan.activations.find(node.output);
    if (!std::holds_alternative<ConcatNode>(node.op) || joined == plan.activations.end()) continue;
    for (const ValueId id : node.inputs)
      if (graph.value(id).constant == nullptr) plan.activations.try_emplace(id, joined->second);
  }
}

/// Evenly spread, in their order.
Calibration some_of(const Calibration& all, std::size_t count) {
  Calibration few = all;
  few.samples.clear();
  const std::size_t size = all.samples.size();
  count = std::min(count, size);
  for (std::size_t i = 0; i < count; ++i) few.samples.push_back(all.samples[i * size / count]);
  return few;
}

/// The plan, improved where samples say so, and what they say of each layer.
Status measure(Rounding& rounding, const Calibration& all, const QuantiseOptions& options,
               const Progress& progress) {
  const Calibration few = some_of(all, options.compared);
  rounding.layers = layers_of(rounding.graph, rounding.plan);
  rounding.reasons.resize(rounding.layers.size());
  std::optional<LayerMeter> meter(std::in_place, rounding.graph, rounding.layers, few, progress);
  TRY(meter->prepare());
  TRY_ASSIGN(rounding.alone, meter->alone(rounding.graph, rounding.plan));
  TRY_ASSIGN(rounding.together, meter->together(rounding.graph, rounding.plan));
  if (options.equalise) {
    TRY_ASSIGN(const bool equalised, equalise_where_it_helps(rounding, *meter, all, few, progress));
    if (equalised) {
      meter.emplace(rounding.graph, rounding.layers, few, progress);
      TRY(meter->prepare());
    }
  }
  return keep_what_loses_most(rounding, options, *meter);
}

LayerRounding row_of(const Rounding& rounding, std::size_t i) {
  const Node& node = rounding.graph.nodes[rounding.layers[i]];
  const Tensor& weights = *rounding.graph.value(node.inputs[1]).constant;
  const bool kept = rounding.plan.kept.contains(node.output);
  const auto elements = static_cast<std::uint64_t>(weights.elements());
  const auto channels = static_cast<std::uint64_t>(weights.shape()[0]);
  const std::uint64_t bias = node.inputs[2] != kNoValue ? 4 * channels : 0;
  // As bytes there is a scale for each channel, and a bias, which gives back what rounding takes.
  return {.layer = node.name,
          .operation = describe(rounding.graph, node),
          .format = kept ? "bf16" : "int8",
          .alone_db = rounding.alone[i],
          .together_db = rounding.together.layers[i],
          .bytes_before = 4 * elements + bias,
          .bytes_after = kept ? 2 * elements + bias : elements + 8 * channels,
          .reason = rounding.reasons[i]};
}

}  // namespace

Result<QuantisedModel> quantise_model(const ModelSource& model, const CompileOptions& options,
                                      const QuantiseOptions& quantise) {
  if (!options.calibration)
    return fail(Code::kInvalidArgument, "writing a quantised model needs calibration samples");
  TRY_ASSIGN(const OnnxModel onnx, read_model(model));
  Rounding rounding;
  TRY_ASSIGN(rounding.graph, import_onnx(onnx, {.batch = 1, .dimensions = options.dimensions}));
  if (std::ranges::any_of(rounding.graph.nodes,
                          [](const Node& n) { return std::holds_alternative<QuantiseNode>(n.op); }))
    return fail(Code::kInvalidArgument, "the model is quantised already");
  PassLog log;
  TRY(run_passes(export_passes(), rounding.graph, log));
  TRY_ASSIGN(rounding.plan, calibrate(rounding.graph, *options.calibration, options.progress));
  QuantisedModel result;
  if (quantise.compared > 0) {
    TRY(measure(rounding, *options.calibration, quantise, options.progress));
    for (std::size_t i = 0; i < rounding.layers.size(); ++i) result.layers.push_back(row_of(rounding, i));
    result.answer_db = rounding.together.answer;
  }
  quantise_what_is_joined(rounding.graph, rounding.plan);
  TRY(insert_quantisers(rounding.graph, rounding.plan));
  TRY(check(rounding.graph));
  OnnxFile file{.symbolic_batch = false, .metadata = onnx.metadata};
  file.symbolic_batch = std::ranges::all_of(
      onnx.inputs, [](const OnnxPort& port) { return !port.shape.empty() && port.shape[0].size < 0; });
  result.onnx = write_onnx(rounding.graph, file);
  result.notes = std::move(rounding.plan.notes);
  return result;
}

Result<std::string> quantise_to_onnx(const ModelSource& model, const CompileOptions& options) {
  TRY_ASSIGN(QuantisedModel quantised, quantise_model(model, options, {.compared = 0, .target_db = {}}));
  return std::move(quantised.onnx);
}

}  // namespace chengying::compiler
