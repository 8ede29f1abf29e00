// equalise: where nothing between convolutions or products tells a small number from a large one (relu,
// additions, pooling; no bound but 0), each channel is made smaller by a power of two in the weights of those
// that make it and larger again in the weights of those that read it, so that one scale fits all channels.
// Exact but for overflow: the graph computes the same to the bit, and only rounding to bytes sees a
// difference.
//
// After Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019),
// section 4.1. Weights have a scale for each output channel here, so that what is balanced against the
// readers' weights is not the makers' weights but their measured results, as Xiao et al., "SmoothQuant"
// (2022), equation 4, do with alpha = 1/2.
#pragma once

#include <span>
#include <vector>

#include "compiler/passes/quantise.h"

namespace chengying::compiler {

/// Values whose channels are scaled alike: a chain's one, or all of a residual stream.
struct EqualisedGroup {
  std::vector<std::uint32_t> makers, readers;  // convolutions and products: nodes, ascending
  std::vector<ValueId> values;
  std::vector<float> divisors;  // of each channel: powers of two
};

/// All groups of the graph that have something to gain: whose divisors, from the plan's means, are not all
/// equal.
std::vector<EqualisedGroup> groups_to_equalise(const Graph& graph, const QuantisationPlan& plan);

/// A node may read one group and make another.
void equalise(Graph& graph, std::span<const EqualisedGroup> groups);

/// What equalise() makes of the plan without new samples, for what convolutions and products read: ranges
/// from the channels' largest numbers. Other values of the groups keep ranges that are wrong now.
void equalise(QuantisationPlan& plan, std::span<const EqualisedGroup> groups);

}  // namespace chengying::compiler
