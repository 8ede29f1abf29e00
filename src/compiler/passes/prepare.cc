#include "compiler/passes/prepare.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "compiler/import/import.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/quantise.h"

namespace chengying::compiler {
namespace {

bool is_quantised(const Graph& graph) {
  return std::ranges::any_of(graph.nodes,
                             [](const Node& n) { return std::holds_alternative<QuantiseNode>(n.op); });
}

bool computes_in_bytes(const Graph& graph) {
  return std::ranges::any_of(graph.nodes, [&](const Node& n) {
    return fused_of(n.op) != nullptr && graph.value(n.output).dtype == DType::kU8;
  });
}

/// A quantised model computed in f32: what it rounds is not rounded.
void drop_quantisers(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (!std::holds_alternative<QuantiseNode>(node.op)) continue;
    // dequantise(quantise(x)) = x
    for (Node& user : graph.nodes)
      if (std::holds_alternative<DequantiseNode>(user.op) && user.inputs[0] == node.output) {
        user.op = ReshapeNode{};
        user.inputs[0] = node.inputs[0];
      }
  }
}

/// Whole numbers of 32 and 64 bits that are computed with go through f32.
bool rounds_integers(const Graph& graph) {
  const auto wide = [&](ValueId id) {
    return graph.value(id).dtype == DType::kI32 || graph.value(id).dtype == DType::kI64;
  };
  return std::ranges::any_of(graph.nodes, [&](const Node& n) {
    return std::holds_alternative<CastNode>(n.op) && wide(n.inputs[0]);
  });
}

class Preparation {
 public:
  Preparation(const OnnxModel& model, const CompileOptions& options) : model_(model), options_(options) {}

  Result<Prepared> run() {
    std::set<std::int32_t> batches(options_.batches.begin(), options_.batches.end());
    if (batches.empty()) return fail(Code::kInvalidArgument, "no batch is given to compile for");
    Prepared result;
    result.metadata = model_.metadata;
    TRY(decide());
    for (const std::int32_t batch : batches) {
      PassLog log{.dump_after = options_.dump_after, .dump = {}, .reports = {}, .notes = {}};
      TRY_ASSIGN(Graph graph, graph_for(batch, log));
      result.integer = result.integer || computes_in_bytes(graph);
      if (result.graphs.empty()) {
        result.passes = std::move(log.reports);
        result.notes = std::move(log.notes);
        result.dump = std::move(log.dump);
      }
      result.graphs.push_back({batch, std::move(graph)});
    }
    result.notes.insert(result.notes.end(), notes_.begin(), notes_.end());
    if (rounds_integers(result.graphs.front().graph))
      result.notes.push_back("integers are computed with in f32: exact up to 2^24, rounded beyond");
    return result;
  }

 private:
  Result<Graph> import_for(std::int32_t batch, PassLog& log) {
    const auto start = std::chrono::steady_clock::now();
    TRY_ASSIGN(Graph graph, import_onnx(model_, {.batch = batch, .dimensions = options_.dimensions}));
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    TRY(record_pass("import", CheckStage::kLogical, model_.nodes.size(), taken.count(), graph, log));
    if (options_.precision == Precision::kFloat32) drop_quantisers(graph);
    TRY(run_passes(simplifying_passes(), graph, log));
    return graph;
  }

  /// Whether to calibrate, and its result, which all batches share.
  Status decide() {
    if (options_.precision == Precision::kFloat32) return {};
    PassLog log;
    const std::int32_t first = 1;
    const bool wanted = options_.precision == Precision::kInt8 || options_.calibration.has_value();
    if (!wanted) return {};
    Result<Graph> graph = import_for(first, log);
    if (!graph) return std::unexpected<Error>(std::move(graph).error());
    if (is_quantised(*graph)) {
      if (options_.calibration)
        notes_.push_back(
            "the model is quantised already: it is taken at its word, the calibration samples are not used");
      return {};
    }
    if (!options_.calibration)
      return fail(
          Code::kInvalidArgument,
          "an int8 compilation of a float model needs calibration samples; give some, or a quantised model");
    TRY_ASSIGN(plan_, calibrate(*graph, *options_.calibration, options_.progress));
    notes_.insert(notes_.end(), plan_->notes.begin(), plan_->notes.end());
    return {};
  }

  Result<Graph> graph_for(std::int32_t batch, PassLog& log) {
    TRY_ASSIGN(Graph graph, import_for(batch, log));
    if (plan_) {
      const std::size_t before = graph.nodes.size();
      const auto start = std::chrono::steady_clock::now();
      TRY(insert_quantisers(graph, *plan_));
      const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
      TRY(record_pass("quantise", CheckStage::kLogical, before, taken.count(), graph, log));
    }
    TRY(run_passes(integer_passes(), graph, log));
    return graph;
  }

  const OnnxModel& model_;
  const CompileOptions& options_;
  std::optional<QuantisationPlan> plan_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<Prepared> prepare(const ModelSource& model, const CompileOptions& options) {
  TRY_ASSIGN(const OnnxModel onnx, read_model(model));
  return Preparation(onnx, options).run();
}

}  // namespace chengying::compiler
