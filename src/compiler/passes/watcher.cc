#include "compiler/passes/watcher.h"

#include <algorithm>

#include "compiler/emit.h"
#include "compiler/graph/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/passes/passes.h"

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

}  // namespace

Status Watcher::prepare() {
  if (!calibration_.run || calibration_.chip == nullptr) return {};
  Notes unused;
  Graph copy = graph_;
  copy.outputs.clear();
  for (const ValueId id : watched_)
    if (std::ranges::find(graph_.inputs, id) == graph_.inputs.end()) copy.outputs.push_back(id);
  fold_dequantised(copy, unused);
  lay_out(copy, unused);
  TRY(check(copy, CheckStage::kLaidOut));
  const BatchGraph batch{1, std::move(copy)};
  TRY_ASSIGN(executable_, lower(std::span(&batch, 1), *calibration_.chip, 1));
  return {};
}

Status Watcher::run(std::string_view what, const Progress& progress,
                    const std::function<void(std::size_t, const Tensor&)>& see) {
  const std::size_t samples = calibration_.samples.size();
  for (std::size_t i = 0; i < samples; ++i) {
    if (progress) progress(what, i, samples);
    TRY(run_one(i, see));
  }
  if (progress) progress(what, samples, samples);
  return {};
}

Status Watcher::run_one(std::size_t sample, const std::function<void(std::size_t, const Tensor&)>& see) {
  TRY_ASSIGN(const std::vector<Tensor> inputs, inputs_of(graph_, calibration_.samples[sample], sample));
  if (!executable_) {
    const auto values = interpret_all(graph_, inputs);
    for (std::size_t i = 0; i < watched_.size(); ++i) see(i, *values[watched_[i]]);
    return {};
  }
  TRY_ASSIGN(const std::vector<Tensor> outputs, calibration_.run(*executable_, inputs));
  std::size_t next = 0;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const auto input = std::ranges::find(graph_.inputs, watched_[i]);
    const bool is_input = input != graph_.inputs.end();
    see(i, is_input ? inputs[static_cast<std::size_t>(input - graph_.inputs.begin())] : outputs[next++]);
  }
  return {};
}

}  // namespace chengying::compiler
