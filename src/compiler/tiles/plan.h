// plan: who makes which block of what, before anything has a place: each node's blocks by core, and what each
// core makes or needs of each storage. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/tiles/decisions.h"
#include "compiler/tiles/storage.h"

namespace chengying::compiler::tiles {

/// What each core does of one node.
struct Plan {
  std::vector<Box> blocks;     // of the output; block i belongs to core i. Empty: nothing to do
  std::vector<bool> in_place;  // by operand: already where the output has it
};

std::vector<Plan> plan_nodes(const Graph& graph, const Storages& storages, const Decisions& decisions,
                             std::uint16_t cores);

/// Where the output's dimensions have operand `operand`: only a Concat puts it anywhere but at the start.
Box slot_of(const Graph& graph, const Node& node, std::size_t operand);

/// The block around all that a core makes or needs of a storage, in the storage's dimensions.
using Extents = std::map<std::pair<StorageId, std::uint16_t>, Box>;
Extents extents_of(const Graph& graph, const Storages& storages, const std::vector<Plan>& plans);

/// By storage: whether no two cores touch the same element of it.
std::vector<bool> private_storages(const Storages& storages, const Extents& extents);

}  // namespace chengying::compiler::tiles
