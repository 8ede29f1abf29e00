// calibrate: runs samples through the f32 graph and chooses the scale of each value that is to be bytes.
#include <algorithm>
#include <set>

#include "compiler/passes/channel_means.h"
#include "compiler/passes/histogram.h"
#include "compiler/passes/quantise.h"
#include "compiler/passes/watcher.h"

namespace chengying::compiler {
namespace {

/// Values from which the answer is read: their largest elements matter most, so their whole range is kept.
std::set<ValueId> answers_of(const Graph& graph) {
  std::set<ValueId> answers(graph.outputs.begin(), graph.outputs.end());
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool passes =
        std::holds_alternative<SoftmaxNode>(node.op) || std::holds_alternative<ReshapeNode>(node.op);
    if (std::holds_alternative<SoftmaxNode>(node.op) || (passes && answers.contains(node.output)))
      answers.insert(node.inputs[0]);
  }
  return answers;
}

}  // namespace

Result<QuantisationPlan> calibrate(const Graph& graph, const Calibration& calibration,
                                   const Progress& progress) {
  if (calibration.samples.empty())
    return fail(Code::kInvalidArgument, "calibration needs at least one sample; 32 or more give good scales");
  const IntegerChoice choice = choose_integers(graph);
  const std::vector<ValueId>& watched = choice.values;
  Watcher watcher(graph, watched, calibration);
  TRY(watcher.prepare());
  std::vector<Histogram> histograms(watched.size());
  TRY(watcher.run("calibrate", progress,
                  [&](std::size_t v, const Tensor& tensor) { histograms[v].add(tensor.as<float>()); }));
  QuantisationPlan plan;
  plan.real_results = choice.real_results;
  plan.values = graph.values.size();
  plan.nodes = graph.nodes.size();
  const std::set<ValueId> answers = answers_of(graph);
  for (std::size_t v = 0; v < watched.size(); ++v) {
    const bool whole = answers.contains(watched[v]);
    const Range range = histograms[v].choose(whole ? CalibrationMethod::kMinMax : calibration.method);
    plan.activations.emplace(watched[v], quantisation_of(range));
    if (histograms[v].range().low == 0 && histograms[v].range().high == 0)
      plan.notes.push_back(
          fmt::format("'{}' was 0 in all calibration samples", graph.value(watched[v]).name));
  }
  TRY_ASSIGN(plan.means, channel_means(graph, calibration, plan, progress));
  return plan;
}

}  // namespace chengying::compiler
