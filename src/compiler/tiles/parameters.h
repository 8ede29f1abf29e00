// Parameters: weights, init and scale of a Conv or Dense node as instructions read them, in the constants.
// Packed whole, once; a core that makes only some output channels reads from the middle.
#pragma once

#include "compiler/graph/graph.h"
#include "compiler/tiles/constants.h"

namespace chengying::compiler::tiles {

/// How a convolution's channels are grouped. Depthwise: each output channel reads the input channel of its
/// number.
struct Grouping {
  std::int64_t groups = 1, k_group = 1, c_group = 1;  // output and input channels of a group
  bool depthwise = false;
};
Grouping grouping_of(const Graph& graph, const Node& node);

struct Parameters {
  isa::Address weights, init, scale;  // scale only if u8
};

/// The parameters of `group`, from its output channel `first` (a multiple of 16) on. A depthwise convolution
/// and one without groups have the single group 0.
Parameters parameters_of(const Graph& graph, const Node& node, std::int64_t group, std::int64_t first,
                         ConstantPool& pool);

}  // namespace chengying::compiler::tiles
