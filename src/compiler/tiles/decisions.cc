#include "compiler/tiles/decisions.h"

#include <fmt/format.h>

namespace chengying::compiler::tiles {

namespace {

std::string text_of(Split split, std::size_t rank) {
  if (split.dimension == Split::kNone) return "one core";
  if (rank != 4) return fmt::format("dimension {}", split.dimension);
  constexpr const char* kNames[] = {"batch", "channels", "rows", "columns"};
  return kNames[split.dimension];
}

}  // namespace

std::string print(const Graph& graph, const Decisions& decisions) {
  std::string text;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const std::size_t rank = graph.value(node.output).shape.size();
    text += fmt::format("{} ({}): {}", node.name, name_of(node.op), text_of(decisions.of_node[i], rank));
    if (decisions.pieces_of(i) > 1) text += fmt::format(", {} pieces", decisions.pieces_of(i));
    text += '\n';
  }
  return text;
}

}  // namespace chengying::compiler::tiles
