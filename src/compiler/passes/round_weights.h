// round_weights: f32 weights as i8, one scale for each output channel, and the bias that goes with them. What
// insert_quantisers() writes into a graph, and what layer_noise.h measures. Pure; any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "compiler/passes/quantise.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {

/// The operands of a convolution or product that can be integers: its input has a scale in the plan, its
/// weights and bias are f32 constants, its result is rounded or wanted in real numbers, and the plan does not
/// keep it real.
struct Roundable {
  std::shared_ptr<const Tensor> weights, bias;  // bias may be null
  Quantisation input;
};
std::optional<Roundable> roundable(Editor& edit, const Node& node, const QuantisationPlan& plan);

/// The result is rounded to bytes: here, or by the concatenation that alone reads it; or it is wanted in real
/// numbers.
bool is_planned(Editor& edit, ValueId id, const QuantisationPlan& plan);

struct RoundedWeights {
  Tensor integers;             // i8, of the weights' shape
  std::vector<float> scales;   // of each output channel
  std::vector<float> rounded;  // what the integers stand for
  std::optional<Tensor> bias;  // f32 [k]: given, and corrected by the plan's means; none if neither
};
/// The bias of a layer whose weights become `rounded`, and its input what the plan says: as given, and with
/// what that takes from the sums on average. None if there is neither.
std::optional<Tensor> corrected_bias(const Node& node, const Tensor& weights, const Tensor* bias,
                                     std::span<const float> rounded, const QuantisationPlan& plan);
RoundedWeights round_weights(const Node& node, const Roundable& operands, const QuantisationPlan& plan);

}  // namespace chengying::compiler
