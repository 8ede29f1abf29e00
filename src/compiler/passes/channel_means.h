// What rounding takes from the sums of a convolution or product on average, and gives back through the bias.
// After Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019),
// section 4.2, with means that were measured on samples. Places outside of an image count as if they were
// inside.
#pragma once

#include <span>

#include "compiler/passes/quantise.h"

namespace chengying::compiler {

/// Of the inputs of all convolutions and products that the plan makes bytes, over all samples and places.
Result<std::map<ValueId, ChannelMeans>> channel_means(const Graph& graph, const Calibration& calibration,
                                                      const QuantisationPlan& plan, const Progress& progress);

/// 1 for products, which have no groups.
inline std::int64_t groups_of(const Node& node) {
  const auto* conv = std::get_if<ConvNode>(&node.op);
  return conv != nullptr ? conv->groups : 1;
}

/// Calls visit(place, output channel, channel of the input) for each weight of [k, c / groups, ...], in
/// order.
template <class Visit>
void for_each_weight(const Tensor& weights, std::int64_t groups, Visit visit) {
  const auto k = static_cast<std::size_t>(weights.shape()[0]),
             c = static_cast<std::size_t>(weights.shape()[1]);
  const std::size_t each = static_cast<std::size_t>(weights.elements()) / k, places = each / c;
  for (std::size_t i = 0; i < k; ++i) {
    const std::size_t first = i / (k / static_cast<std::size_t>(groups)) * c;
    for (std::size_t j = 0; j < each; ++j) visit(i * each + j, i, first + j / places);
  }
}

/// What to add to the bias of each output channel: sum over the weights of w * mean(x) - rounded w * mean of
/// rounded x. Weights [k, c / groups, ...] f32; `rounded_weights`: their values after rounding.
std::vector<double> bias_correction(const Tensor& weights, std::span<const float> rounded_weights,
                                    std::int64_t groups, const ChannelMeans& means);

}  // namespace chengying::compiler
