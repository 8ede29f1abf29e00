#include "compiler/passes/round_weights.h"

#include <algorithm>
#include <cmath>

#include "compiler/passes/channel_means.h"

namespace chengying::compiler {
namespace {

constexpr float kBiasStepsMax = 0x1p30F;

/// Largest weight to 127; larger still where the bias would not fit 32 bits in such steps.
float weight_scale(std::span<const float> weights, float bias, float input_scale) {
  float largest = 0;
  for (const float w : weights) largest = std::max(largest, std::abs(w));
  const float scale = std::max(largest / 127, std::abs(bias) / (input_scale * kBiasStepsMax));
  return scale > 0x1p-100F && std::isfinite(scale) ? scale : 1.0F;
}

}  // namespace

bool is_planned(Editor& edit, ValueId id, const QuantisationPlan& plan) {
  if (plan.activations.contains(id) || std::ranges::find(plan.real_results, id) != plan.real_results.end())
    return true;
  const Node* user = edit.only_user(id);
  return user != nullptr && std::holds_alternative<ConcatNode>(user->op) &&
         plan.activations.contains(user->output);
}

std::optional<Tensor> corrected_bias(const Node& node, const Tensor& weights, const Tensor* bias,
                                     std::span<const float> rounded, const QuantisationPlan& plan) {
  const auto found = plan.means.find(node.inputs[0]);
  if (found == plan.means.end()) return bias != nullptr ? std::optional(*bias) : std::nullopt;
  const std::vector<double> correction = bias_correction(weights, rounded, groups_of(node), found->second);
  Tensor result(DType::kF32, {weights.shape()[0]});
  for (std::size_t i = 0; i < correction.size(); ++i) {
    const double given = bias != nullptr ? double{bias->as<float>()[i]} : 0.0;
    result.as<float>()[i] = static_cast<float>(given + correction[i]);
  }
  return result;
}

std::optional<Roundable> roundable(Editor& edit, const Node& node, const QuantisationPlan& plan) {
  if (fused_of(node.op) == nullptr || plan.kept.contains(node.output)) return std::nullopt;
  if (!is_planned(edit, node.output, plan)) return std::nullopt;
  const auto constant = [&](ValueId id) {
    const auto& tensor = edit.value(id).constant;
    return tensor != nullptr && tensor->dtype() == DType::kF32 ? tensor : nullptr;
  };
  const Quantisation* input = scale_of(plan, node.inputs[0], [&](ValueId id) { return edit.producer(id); });
  Roundable result{constant(node.inputs[1]), nullptr, {}};
  if (input == nullptr || result.weights == nullptr) return std::nullopt;
  if (node.inputs[2] != kNoValue && (result.bias = constant(node.inputs[2])) == nullptr) return std::nullopt;
  result.input = *input;
  return result;
}

RoundedWeights round_weights(const Node& node, const Roundable& operands, const QuantisationPlan& plan) {
  const Tensor& weights = *operands.weights;
  const auto k = static_cast<std::size_t>(weights.shape()[0]);
  const std::size_t each = static_cast<std::size_t>(weights.elements()) / k;
  RoundedWeights result{Tensor(DType::kI8, weights.shape()), std::vector<float>(k),
                        std::vector<float>(k * each), std::nullopt};
  for (std::size_t i = 0; i < k; ++i) {
    const auto channel = weights.as<float>().subspan(i * each, each);
    const float bias = operands.bias != nullptr ? operands.bias->as<float>()[i] : 0;
    const float scale = result.scales[i] = weight_scale(channel, bias, operands.input.scale());
    for (std::size_t j = 0; j < each; ++j) {
      const float steps = std::clamp(std::nearbyint(channel[j] / scale), -127.0F, 127.0F);
      result.integers.as<std::int8_t>()[i * each + j] = static_cast<std::int8_t>(steps);
      result.rounded[i * each + j] = steps * scale;
    }
  }
  result.bias = corrected_bias(node, weights, operands.bias.get(), result.rounded, plan);
  return result;
}

}  // namespace chengying::compiler
