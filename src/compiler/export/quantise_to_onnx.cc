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
  TRY_ASSIGN(const QuantisationPlan plan, calibrate(graph, *options.calibration, options.progress));
  TRY(insert_quantisers(graph, plan));
  TRY(check(graph));
  OnnxFile file{.symbolic_batch = false, .metadata = onnx.metadata};
  file.symbolic_batch = std::ranges::all_of(
      onnx.inputs, [](const OnnxPort& port) { return !port.shape.empty() && port.shape[0].size < 0; });
  return write_onnx(graph, file);
}

}  // namespace chengying::compiler
