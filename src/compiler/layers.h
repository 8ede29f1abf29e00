// layers: what a program's parts are called in reports, and the report itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/graph/graph.h"
#include "isa/program.h"

namespace chengying::compiler {

/// "conv 3x3/2", "depthwise_conv 3x3", "pool 2x2/2", "dense", ...
std::string describe(const Graph& graph, const Node& node);
/// The row of a node; multiply-accumulates are those of one image of the batch.
isa::Layer layer_of(const Graph& graph, const Node& node, std::int32_t batch);

/// One row for each layer of the executable that `program` spends instructions on, in the layers' order.
/// `graph` is the program's own: where a layer has its name, the output's type and shape are taken from it.
std::vector<LayerReport> report_layers(const isa::Executable& executable, const isa::Program& program,
                                       const Graph& graph, const isa::ChipSpec& chip);

/// `rows`: how many nodes have instructions.
FusionReport report_fusion(const Graph& graph, std::size_t model_nodes, std::size_t rows);

}  // namespace chengying::compiler
