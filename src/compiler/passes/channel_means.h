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

/// What to add to the bias of each output channel: sum over the weights of w * mean(x) - rounded w * mean of
/// rounded x. Weights [k, c / groups, ...] f32; `rounded_weights`: their values after rounding.
std::vector<double> bias_correction(const Tensor& weights, std::span<const float> rounded_weights,
                                    std::int64_t groups, const ChannelMeans& means);

}  // namespace chengying::compiler
