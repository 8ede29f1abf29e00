#include "compiler/tiles/kinds.h"

#include <algorithm>

namespace chengying::compiler::tiles {

Kind kind_of(Split split, std::size_t rank) {
  if (split.dimension == 0) return Kind::kBatch;
  const bool channels =
      rank == 4 ? split.dimension == 1 : split.dimension == static_cast<std::int32_t>(rank) - 1;
  return channels ? Kind::kChannels : Kind::kRows;
}

double balance_of(const Graph& graph, const Node& node, Split split, std::uint16_t cores) {
  std::int64_t most = 0, all = 0;
  for (const Box& block : blocks_of(graph, node, split, cores)) {
    most = std::max(most, block.elements());
    all += block.elements();
  }
  return static_cast<double>(all) / static_cast<double>(most * cores);
}

std::optional<Split> split_of_kind(const Graph& graph, const Node& node, Kind kind, std::uint16_t cores) {
  const std::size_t rank = graph.value(node.output).shape.size();
  std::optional<Split> best;
  double best_balance = 0;
  for (const Split split : splits_of(graph, node)) {
    if (split.dimension == Split::kNone || kind_of(split, rank) != kind) continue;
    const double balance = balance_of(graph, node, split, cores);
    if (balance > best_balance) {
      best = split;
      best_balance = balance;
    }
  }
  return best;
}

}  // namespace chengying::compiler::tiles
