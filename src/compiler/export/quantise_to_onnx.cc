// quantise_to_onnx: the calibrated model as a QDQ file. Other engines' integer kernels want every operator
// between a dequantisation and a quantisation, so a residual addition is not fused here: its operands are
// rounded first, once more than compile() rounds when it calibrates the float model itself.
#include <algorithm>

#include "compiler/compile.h"
#include "compiler/export/write_onnx.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/quantise.h"

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

}  // namespace

Result<std::string> quantise_to_onnx(const ModelSource& model, const CompileOptions& options) {
  if (!options.calibration)
    return fail(Code::kInvalidArgument, "writing a quantised model needs calibration samples");
  TRY_ASSIGN(const OnnxModel onnx, read_model(model));
  TRY_ASSIGN(Graph graph, import_onnx(onnx, {.batch = 1, .dimensions = options.dimensions}));
  if (std::ranges::any_of(graph.nodes,
                          [](const Node& n) { return std::holds_alternative<QuantiseNode>(n.op); }))
    return fail(Code::kInvalidArgument, "the model is quantised already");
  PassLog log;
  TRY(run_passes(export_passes(), graph, log));
  TRY_ASSIGN(QuantisationPlan plan, calibrate(graph, *options.calibration, options.progress));
  quantise_what_is_joined(graph, plan);
  TRY(insert_quantisers(graph, plan));
  TRY(check(graph));
  OnnxFile file{.symbolic_batch = false, .metadata = onnx.metadata};
  file.symbolic_batch = std::ranges::all_of(
      onnx.inputs, [](const OnnxPort& port) { return !port.shape.empty() && port.shape[0].size < 0; });
  return write_onnx(graph, file);
}

}  // namespace chengying::compiler
