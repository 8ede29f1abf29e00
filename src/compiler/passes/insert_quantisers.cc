// insert_quantisers: a calibration's scales written into the graph, in the form in which quantised models
// come.
#include <algorithm>
#include <cmath>

#include "compiler/passes/quantise.h"
#include "compiler/passes/rewrite.h"
#include "compiler/passes/round_weights.h"
#include "compiler/scales.h"
#include "tensor/arithmetic.h"

namespace chengying::compiler {
namespace {

class Insertion {
 public:
  Insertion(Graph& graph, const QuantisationPlan& plan) : graph_(graph), edit_(graph), plan_(plan) {}

  void run() {
    // Weights first: they ask for their input's scale by the original graph.
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      quantise_linear(i);
      shorten_kept(i);
      quantise_operand(i);
    }
    graph_.nodes.insert(graph_.nodes.begin(), constants_.begin(), constants_.end());
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (const ValueId id : graph_.inputs) add_pair(id);
    for (Node& node : nodes) {
      const ValueId output = node.output;
      redirect(node);
      graph_.nodes.push_back(std::move(node));
      add_pair(output);
    }
    for (ValueId& id : graph_.outputs)
      if (const auto found = rounded_.find(id); found != rounded_.end()) {
        std::swap(graph_.value(id).name, graph_.value(found->second).name);
        id = found->second;
      }
  }

 private:
  static Value real(std::string name, Shape shape) {
    return Value{.name = std::move(name),
                 .dtype = DType::kF32,
                 .shape = std::move(shape),
                 .quantisation = {},
                 .constant = {}};
  }

  /// A constant of integers behind a dequantisation; the node comes before all others.
  ValueId dequantised(Tensor integers, Quantisation quantisation, const std::string& name) {
    const Shape shape = integers.shape();
    const ValueId bytes = graph_.add(Value{.name = name,
                                           .dtype = integers.dtype(),
                                           .shape = shape,
                                           .quantisation = std::move(quantisation),
                                           .constant = std::make_shared<Tensor>(std::move(integers))});
    const ValueId result = graph_.add(real(name + ".real", shape));
    constants_.push_back(Node{name, DequantiseNode{}, {bytes}, result});
    return result;
  }

  void quantise_linear(std::uint32_t index) {
    const Node& node = graph_.nodes[index];
    const auto operands = roundable(edit_, node, plan_);
    if (!operands) return;
    const std::string name = node.name;
    RoundedWeights weights = round_weights(node, *operands, plan_);
    Quantisation scales{.scales = std::move(weights.scales), .zero_point = 0, .axis = 0};
    if (weights.bias) {
      const ValueId id = integer_bias(*weights.bias, operands->input, scales, name);
      graph_.nodes[index].inputs[2] = id;
    }
    const ValueId id = dequantised(std::move(weights.integers), std::move(scales), name + ".weights");
    graph_.nodes[index].inputs[1] = id;
  }

  /// What is kept real has its weights in 16 bits: a cast makes them f32 again.
  void shorten_kept(std::uint32_t index) {
    const Node node = graph_.nodes[index];
    if (!plan_.kept.contains(node.output)) return;
    const std::shared_ptr<const Tensor> weights = graph_.value(node.inputs[1]).constant;
    const ValueId bias_id = node.inputs[2];
    const std::shared_ptr<const Tensor> bias = bias_id == kNoValue ? nullptr : graph_.value(bias_id).constant;
    if (weights == nullptr || weights->dtype() != DType::kF32 || (bias_id != kNoValue && bias == nullptr))
      return;
    Tensor halves(DType::kBF16, weights->shape());
    std::vector<float> rounded;
    for (std::size_t i = 0; i < weights->as<float>().size(); ++i) {
      halves.as<std::uint16_t>()[i] = exact::bf16_from_f32(weights->as<float>()[i]);
      rounded.push_back(exact::f32_from_bf16(halves.as<std::uint16_t>()[i]));
    }
    if (auto corrected = corrected_bias(node, *weights, bias.get(), rounded, plan_))
      graph_.nodes[index].inputs[2] = constant(std::move(*corrected), node.name + ".bias");
    const ValueId id = graph_.add(real(node.name + ".weights.real", weights->shape()));
    const ValueId halves_id = constant(std::move(halves), node.name + ".weights");
    constants_.push_back(Node{node.name + ".weights", CastNode{}, {halves_id}, id});
    graph_.nodes[index].inputs[1] = id;
  }

  ValueId constant(Tensor tensor, std::string name) {
    return graph_.add(Value{.name = std::move(name),
                            .dtype = tensor.dtype(),
                            .shape = tensor.shape(),
                            .quantisation = {},
                            .constant = std::make_shared<Tensor>(std::move(tensor))});
  }

  ValueId integer_bias(const Tensor& bias, const Quantisation& x, const Quantisation& weights,
                       const std::string& name) {
    Tensor integers(DType::kI32, bias.shape());
    Quantisation scales{.scales = weights.scales, .zero_point = 0, .axis = 0};
    for (std::size_t i = 0; i < scales.scales.size(); ++i) {
      integers.as<std::int32_t>()[i] = bias_in_steps(bias.as<float>()[i], x.scale(), weights.scales[i]);
      scales.scales[i] *= x.scale();
    }
    return dequantised(std::move(integers), std::move(scales), name + ".bias");
  }

  /// The constant beside a quantised tensor in an elementwise operator, if it is more than one number.
  void quantise_operand(std::uint32_t index) {
    const Node& node = graph_.nodes[index];
    if (!std::holds_alternative<BinaryNode>(node.op) || !is_planned(edit_, node.output, plan_)) return;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::shared_ptr<const Tensor> constant = graph_.value(node.inputs[i]).constant;
      if (constant == nullptr || constant->elements() == 1 || constant->dtype() != DType::kF32) continue;
      const auto elements = constant->as<float>();
      const auto [low, high] = std::ranges::minmax(elements);
      Quantisation q{.scales = {1}, .zero_point = 0, .axis = 0};
      const float least = std::min(low, 0.0F), most = std::max(high, 0.0F);
      if (most - least > 0x1p-100F) {
        q.scales = {(most - least) / 255};
        q.zero_point =
            static_cast<std::int32_t>(std::clamp(std::nearbyint(-least / q.scale()), 0.0F, 255.0F));
      }
      Tensor bytes(DType::kU8, constant->shape());
      std::ranges::transform(elements, bytes.as<std::uint8_t>().begin(), [&](float v) {
        const float step = std::nearbyint(v / q.scale()) + static_cast<float>(q.zero_point);
        return static_cast<std::uint8_t>(std::clamp(step, 0.0F, 255.0F));
      });
      const std::string name = fmt::format("{}.operand{}", node.name, i);
      const ValueId id = dequantised(std::move(bytes), std::move(q), name);
      graph_.nodes[index].inputs[i] = id;
    }
  }

  void add_pair(ValueId id) {
    const auto found = plan_.activations.find(id);
    if (found == plan_.activations.end()) return;
    const std::string name = graph_.value(id).name;
    Value bytes = real(name + ".bytes", graph_.value(id).shape);
    bytes.dtype = DType::kU8;
    bytes.quantisation = found->second;
    Value rounded = real(name + ".rounded", bytes.shape);
    const ValueId bytes_id = graph_.add(std::move(bytes)), rounded_id = graph_.add(std::move(rounded));
    graph_.nodes.push_back(Node{name + ".quantise", QuantiseNode{}, {id}, bytes_id});
    graph_.nodes.push_back(Node{name + ".dequantise", DequantiseNode{}, {bytes_id}, rounded_id});
    rounded_.emplace(id, rounded_id);
  }

  void redirect(Node& node) {
    const auto move = [&](ValueId& id) {
      if (const auto found = rounded_.find(id); found != rounded_.end()) id = found->second;
    };
    std::ranges::for_each(node.inputs, move);
    if (auto* conv = std::get_if<ConvNode>(&node.op)) move(conv->fused.residual);
    if (auto* dense = std::get_if<DenseNode>(&node.op)) move(dense->fused.residual);
  }

  Graph& graph_;
  Editor edit_;
  const QuantisationPlan& plan_;
  std::vector<Node> constants_;
  std::map<ValueId, ValueId> rounded_;
};

}  // namespace

Status insert_quantisers(Graph& graph, const QuantisationPlan& plan) {
  if (graph.values.size() != plan.values || graph.nodes.size() != plan.nodes)
    return fail(Code::kInternal, "the graph of this batch differs from the one that was calibrated");
  Insertion(graph, plan).run();
  return {};
}

}  // namespace chengying::compiler
