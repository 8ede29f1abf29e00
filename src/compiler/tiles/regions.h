// Regions: what part of its inputs a node needs for a part of its output, and how an output may be split over
// cores. Pure geometry on logical dimensions; the same for every chip.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/tiles/box.h"

namespace chengying::compiler::tiles {

/// How a node's output is split over the cores of the slice: along one logical dimension, or not at all.
struct Split {
  static constexpr std::int32_t kNone = -1;
  std::int32_t dimension = kNone;
  bool operator==(const Split&) const = default;
};

/// The block of operand `operand` (an index into operands_of) that `out` needs; may be empty (padding only).
/// Constant operands that instructions take whole (weights, bias) are not asked for.
Box needed(const Graph& graph, const Node& node, std::size_t operand, const Box& out);

/// Whether an operand is packed into the instruction (weights and bias) and so is not a region of a value.
bool is_parameter(const Node& node, std::size_t operand);

/// Splits that make sense for this node, kNone first.
std::vector<Split> splits_of(const Graph& graph, const Node& node);

/// The output's blocks for `cores` cores under a split: at most one for each core, none empty; block i
/// belongs to core i. Channels are cut at multiples of 16.
std::vector<Box> blocks_of(const Graph& graph, const Node& node, Split split, std::int32_t cores);

/// Whether the rows of a node's output may be made one after the other.
bool can_be_cut(const Graph& graph, const Node& node);

/// The block in `count` pieces of rows, or as many as it has rows; whole if it can't be cut.
std::vector<Box> pieces_of(const Graph& graph, const Node& node, const Box& block, std::int32_t count);

}  // namespace chengying::compiler::tiles
