// build: Graph and Decisions to Tiles. Each core makes its block of each node's output from blocks of the
// operands; where memories are apart (SRAM), what another core made or the host holds is copied first. A pure
// function; constants that steps read are added to the pool.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/tiles/constants.h"
#include "compiler/tiles/decisions.h"
#include "compiler/tiles/tiles.h"
#include "isa/spec.h"

namespace chengying::compiler::tiles {

/// Whether scratch is one memory that all cores share (DRAM that the engines reach, on a chip without SRAM),
/// or each core's SRAM.
bool shares_memory(const isa::ChipSpec& chip);

/// Steps in an order that is a valid execution, each with the index of its node as layer and, in its waits,
/// every earlier step that it conflicts with on another engine or core. kUnsupported: an operator in a form
/// that no instruction has.
Result<Tiles> build(const Graph& graph, std::int32_t batch, const Decisions& decisions,
                    const isa::ChipSpec& chip, std::uint16_t cores, ConstantPool& pool);

}  // namespace chengying::compiler::tiles
