// Kinds: splits by what they take apart, so that one wish can be said of nodes of different ranks. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/tiles/regions.h"

namespace chengying::compiler::tiles {

enum class Kind : std::uint8_t { kBatch, kRows, kChannels };

/// Of a split of a node whose output has so many dimensions; kNone counts as rows.
Kind kind_of(Split split, std::size_t rank);

/// How evenly a split loads the cores: 1 is perfect.
double balance_of(const Graph& graph, const Node& node, Split split, std::uint16_t cores);

/// The node's split of this kind that loads the cores best, the first of equal ones; nullopt: it has none.
std::optional<Split> split_of_kind(const Graph& graph, const Node& node, Kind kind, std::uint16_t cores);

}  // namespace chengying::compiler::tiles
