// explain: what would have to change in a model. The importer's own list, taken apart.
#include "compiler/compile.h"
#include "compiler/import/import.h"

namespace chengying::compiler {

Result<Explanation> explain(const ModelSource& model, const CompileOptions& options) {
  TRY_ASSIGN(const OnnxModel onnx, read_model(model));
  const std::int32_t batch = options.batches.empty() ? 1 : options.batches.front();
  std::vector<RefusedNode> refused;
  const Result<Graph> graph = import_onnx(onnx, {.batch = batch, .dimensions = options.dimensions}, &refused);
  if (!graph && graph.error().code != Code::kUnsupported) return std::unexpected<Error>(graph.error());
  Explanation explanation{.nodes = onnx.nodes.size(), .refusals = {}};
  for (RefusedNode& node : refused) {
    // A reason and what would help are written as "why; what".
    const std::size_t between = node.reason.rfind("; ");
    const bool helps = between != std::string::npos;
    explanation.refusals.push_back({std::move(node.node), std::move(node.operation), std::move(node.operands),
                                    node.reason.substr(0, between),
                                    helps ? node.reason.substr(between + 2) : ""});
  }
  if (!graph && refused.empty())
    return std::unexpected<Error>(graph.error());  // not a node's fault: a port's
  return explanation;
}

}  // namespace chengying::compiler
