// channel_groups: which values of an f32 graph have the same channels, because only what treats all positive
// factors alike lies between them. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// Values, and all convolutions and products that make and read them; nothing else does but what is inside of
/// the group. Weights and biases of them are f32 constants that nobody else reads.
struct ChannelGroup {
  std::vector<std::uint32_t> makers, readers;  // nodes, ascending
  std::vector<ValueId> values;
};

/// With at least one maker and one reader each, in the order of their first makers.
std::vector<ChannelGroup> channel_groups(const Graph& graph);

}  // namespace chengying::compiler
