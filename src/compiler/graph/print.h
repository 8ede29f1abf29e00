// Text of a graph: one value or node a line, stable, made for diffs and golden files.
#pragma once

#include <string>

#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// "u8[1,64,56,56] nhwc s=0.0235 z=0"
std::string to_string(const Value& value);
std::string print(const Graph& graph, const Node& node);
std::string print(const Graph& graph);

}  // namespace chengying::compiler
