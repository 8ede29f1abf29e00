#include "compiler/passes/layer_noise.h"

#include <algorithm>

#include "compiler/passes/round_weights.h"

namespace chengying::compiler {
namespace {

/// From which values the answer is read: the float outputs, or what the softmax before them reads.
std::vector<ValueId> answers_of(const Graph& graph) {
  const std::vector<std::uint32_t> producers = producers_of(graph);
  std::vector<ValueId> answers;
  for (ValueId id : graph.outputs) {
    while (producers[id] != kNoValue && std::holds_alternative<SoftmaxNode>(graph.nodes[producers[id]].op))
      id = graph.nodes[producers[id]].inputs[0];
    if (graph.value(id).dtype == DType::kF32 && graph.value(id).constant == nullptr) answers.push_back(id);
  }
  return answers;
}

std::vector<ValueId> results_of(const Graph& graph, const std::vector<std::uint32_t>& layers) {
  std::vector<ValueId> values;
  for (const std::uint32_t i : layers) values.push_back(graph.nodes[i].output);
  return values;
}

/// The layer once more, of operands that are rounded. Returns its result.
ValueId add_twin(Graph& graph, const Node& layer, const Roundable& operands, const QuantisationPlan& plan) {
  RoundedWeights rounded = round_weights(layer, operands, plan);
  Node twin = layer;
  const auto add = [&](const Shape& shape, std::optional<Quantisation> quantisation,
                       std::shared_ptr<const Tensor> constant) {
    return graph.add(Value{.name = layer.name + ".twin",
                           .dtype = quantisation ? DType::kU8 : DType::kF32,
                           .shape = shape,
                           .quantisation = std::move(quantisation),
                           .constant = std::move(constant)});
  };
  const Shape x = graph.value(layer.inputs[0]).shape, y = graph.value(layer.output).shape;
  const ValueId bytes = add(x, operands.input, nullptr);
  graph.nodes.push_back({layer.name, QuantiseNode{}, {layer.inputs[0]}, bytes});
  twin.inputs[0] = add(x, std::nullopt, nullptr);
  graph.nodes.push_back({layer.name, DequantiseNode{}, {bytes}, twin.inputs[0]});
  Tensor weights(DType::kF32, operands.weights->shape());
  std::ranges::copy(rounded.rounded, weights.as<float>().begin());
  twin.inputs[1] = add(weights.shape(), std::nullopt, std::make_shared<Tensor>(weights));
  if (rounded.bias)
    twin.inputs[2] = add(rounded.bias->shape(), std::nullopt, std::make_shared<Tensor>(*rounded.bias));
  twin.output = add(y, std::nullopt, nullptr);
  graph.nodes.push_back(twin);
  return twin.output;
}

}  // namespace

std::vector<std::uint32_t> layers_of(const Graph& graph, const QuantisationPlan& plan) {
  Graph copy = graph;
  Editor edit(copy);
  std::vector<std::uint32_t> layers;
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
    if (roundable(edit, copy.nodes[i], plan) || plan.kept.contains(copy.nodes[i].output)) layers.push_back(i);
  return layers;
}

LayerMeter::LayerMeter(const Graph& graph, std::vector<std::uint32_t> layers, const Calibration& calibration,
                       const Progress& progress)
    : layers_(std::move(layers)),
      values_(results_of(graph, layers_)),
      meter_(graph, values_, calibration, progress),
      answer_meter_(graph, answers_of(graph), calibration, progress) {}

Status LayerMeter::prepare() {
  TRY(meter_.prepare());
  return answer_meter_.prepare();
}

Result<double> LayerMeter::answer(const Graph& graph, const QuantisationPlan& plan) const {
  Graph rounded = graph;
  TRY(insert_quantisers(rounded, plan));
  return answer_of(rounded);
}

Result<double> LayerMeter::answer_of(const Graph& rounded) const {
  TRY_ASSIGN(const std::vector<double> all, answer_meter_.measure("measure the answer", rounded));
  return all.empty() ? kNoNoise : *std::ranges::min_element(all);
}

Result<LayerMeter::Decibels> LayerMeter::together(const Graph& graph, const QuantisationPlan& plan) const {
  Graph rounded = graph;
  TRY(insert_quantisers(rounded, plan));
  Decibels result;
  TRY_ASSIGN(result.layers, meter_.measure("measure, rounded", rounded));
  TRY_ASSIGN(result.answer, answer_of(rounded));
  return result;
}

Result<std::vector<double>> LayerMeter::alone(const Graph& graph, const QuantisationPlan& plan) const {
  Graph twins = graph;
  Editor edit(twins);
  std::vector<Roundable> operands(layers_.size());
  for (std::size_t i = 0; i < layers_.size(); ++i)
    if (auto found = roundable(edit, twins.nodes[layers_[i]], plan)) operands[i] = *std::move(found);
  std::vector<ValueId> ids = values_;  // what has no twin is compared with itself
  for (std::size_t i = 0; i < layers_.size(); ++i)
    if (operands[i].weights != nullptr)
      ids[i] = add_twin(twins, Node(twins.nodes[layers_[i]]), operands[i], plan);
  return meter_.measure("measure, layer by layer", twins, ids);
}

}  // namespace chengying::compiler
