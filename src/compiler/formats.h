// formats: whether a chip has the number formats that a graph's instructions work in.
#pragma once

#include <span>

#include "base/error.h"
#include "compiler/emit.h"
#include "compiler/tiles/tiles.h"

namespace chengying::compiler {

/// kUnsupported if an engine lacks a format: lists every such node with operator, shape and what is missing,
/// and says what would help. `tiles` are those of `graph`: a step's layer is its node.
Status check_formats(const Graph& graph, const tiles::Tiles& tiles, const isa::ChipSpec& chip);

}  // namespace chengying::compiler
