// calibrate: runs samples through the f32 graph and chooses the scale of each value that is to be bytes.
#include <algorithm>
#include <set>

#include "compiler/emit.h"
#include "compiler/graph/interpret.h"
#include "compiler/passes/histogram.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/quantise.h"

namespace chengying::compiler {
namespace {

/// The sample's tensors in the order of the graph's inputs.
Result<std::vector<Tensor>> inputs_of(const Graph& graph, const std::map<std::string, Tensor>& sample,
                                      std::size_t index) {
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    const auto found = sample.find(value.name);
    if (found == sample.end())
      return fail(Code::kInvalidArgument, "calibration sample {} has no tensor for input '{}'", index,
                  value.name);
    if (found->second.dtype() != value.dtype || found->second.shape() != value.shape)
      return fail(Code::kInvalidArgument, "calibration sample {}: input '{}' is {}{}, the model wants {}{}",
                  index, value.name, name_of(found->second.dtype()), to_string(found->second.shape()),
                  name_of(value.dtype), to_string(value.shape));
    inputs.push_back(found->second);
  }
  return inputs;
}

/// Gives, for each sample, the tensors of the watched values: by an executable of the graph with these as its
/// outputs, or by the interpreter.
class Watcher {
 public:
  Watcher(const Graph& graph, const std::vector<ValueId>& watched, const Calibration& calibration)
      : graph_(graph), watched_(watched), calibration_(calibration) {}

  Status prepare() {
    if (!calibration_.run || calibration_.chip == nullptr) return {};
    Graph copy = graph_;
    copy.outputs.clear();
    for (const ValueId id : watched_)
      if (std::ranges::find(graph_.inputs, id) == graph_.inputs.end()) copy.outputs.push_back(id);
    fold_dequantised(copy, unused_);
    lay_out(copy, unused_);
    TRY(check(copy, CheckStage::kLaidOut));
    const BatchGraph batch{1, std::move(copy)};
    TRY_ASSIGN(executable_, lower(std::span(&batch, 1), *calibration_.chip, 1));
    return {};
  }

  /// Calls `see(index in watched, elements)` for each watched value.
  template <class See>
  Status run(const std::vector<Tensor>& inputs, See see) {
    if (!executable_) {
      const auto values = interpret_all(graph_, inputs);
      for (std::size_t i = 0; i < watched_.size(); ++i) see(i, values[watched_[i]]->template as<float>());
      return {};
    }
    TRY_ASSIGN(const std::vector<Tensor> outputs, calibration_.run(*executable_, inputs));
    std::size_t next = 0;
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      const auto input = std::ranges::find(graph_.inputs, watched_[i]);
      const bool is_input = input != graph_.inputs.end();
      const Tensor& tensor =
          is_input ? inputs[static_cast<std::size_t>(input - graph_.inputs.begin())] : outputs[next++];
      see(i, tensor.as<float>());
    }
    return {};
  }

 private:
  const Graph& graph_;
  const std::vector<ValueId>& watched_;
  const Calibration& calibration_;
  std::optional<isa::Executable> executable_;
  Notes unused_;
};

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
  const std::vector<ValueId> watched = values_to_quantise(graph);
  Watcher watcher(graph, watched, calibration);
  TRY(watcher.prepare());
  std::vector<Histogram> histograms(watched.size());
  for (std::size_t i = 0; i < calibration.samples.size(); ++i) {
    if (progress) progress("calibrate", i, calibration.samples.size());
    TRY_ASSIGN(const std::vector<Tensor> inputs, inputs_of(graph, calibration.samples[i], i));
    TRY(watcher.run(inputs,
                    [&](std::size_t v, std::span<const float> elements) { histograms[v].add(elements); }));
  }
  if (progress) progress("calibrate", calibration.samples.size(), calibration.samples.size());
  QuantisationPlan plan{
      .activations = {}, .values = graph.values.size(), .nodes = graph.nodes.size(), .notes = {}};
  const std::set<ValueId> answers = answers_of(graph);
  for (std::size_t v = 0; v < watched.size(); ++v) {
    const bool whole = answers.contains(watched[v]);
    const Range range = histograms[v].choose(whole ? CalibrationMethod::kMinMax : calibration.method);
    plan.activations.emplace(watched[v], quantisation_of(range));
    if (histograms[v].range().low == 0 && histograms[v].range().high == 0)
      plan.notes.push_back(
          fmt::format("'{}' was 0 in all calibration samples", graph.value(watched[v]).name));
  }
  return plan;
}

}  // namespace chengying::compiler
