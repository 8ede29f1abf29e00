#include "compiler/tiles/plan.h"

#include <algorithm>

namespace chengying::compiler::tiles {

namespace {

bool only_moves(const Operator& op) {
  return std::holds_alternative<ReshapeNode>(op) || std::holds_alternative<TransposeNode>(op) ||
         std::holds_alternative<RelayoutNode>(op) || std::holds_alternative<SliceNode>(op) ||
         std::holds_alternative<ConcatNode>(op);
}

Plan plan_node(const Graph& graph, const Storages& storages, const Node& node, Split split,
               std::uint16_t cores) {
  Plan plan;
  const Box whole = Box::whole(graph.value(node.output).shape);
  const std::vector<ValueId> operands = operands_of(node);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    plan.in_place.push_back(only_moves(node.op) &&
                            is_same_memory(storages, operands[i], needed(graph, node, i, whole), node.output,
                                           slot_of(graph, node, i)));
  }
  const bool nothing_to_do = std::ranges::all_of(plan.in_place, [](bool in_place) { return in_place; });
  if (!nothing_to_do) plan.blocks = blocks_of(graph, node, split, cores);
  return plan;
}

}  // namespace

Box slot_of(const Graph& graph, const Node& node, std::size_t operand) {
  const auto* concat = std::get_if<ConcatNode>(&node.op);
  if (concat == nullptr) return Box::whole(graph.value(node.output).shape);
  Box slot = Box::whole(graph.value(node.inputs[operand]).shape);
  for (std::size_t i = 0; i < operand; ++i) {
    slot.start[concat->axis] += graph.value(node.inputs[i]).shape[concat->axis];
  }
  return slot;
}

std::vector<Plan> plan_nodes(const Graph& graph, const Storages& storages, const Decisions& decisions,
                             std::uint16_t cores) {
  std::vector<Plan> plans;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    plans.push_back(plan_node(graph, storages, graph.nodes[i], decisions.of_node[i], cores));
  }
  return plans;
}

Extents extents_of(const Graph& graph, const Storages& storages, const std::vector<Plan>& plans) {
  Extents extents;
  const auto extend = [&](ValueId id, const Box& box, std::uint16_t core) {
    if (box.empty()) return;
    const Box mine = storages.in_storage(id, box);
    const auto [found, is_new] = extents.try_emplace({storages.of_value[id].storage, core}, mine);
    if (!is_new) found->second = bound(found->second, mine);
  };
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const std::vector<ValueId> operands = operands_of(node);
    for (std::uint16_t core = 0; core < plans[n].blocks.size(); ++core) {
      const Box& block = plans[n].blocks[core];
      extend(node.output, block, core);
      for (std::size_t i = 0; i < operands.size(); ++i) {
        if (is_parameter(node, i) || plans[n].in_place[i]) continue;
        extend(operands[i], needed(graph, node, i, block), core);
      }
    }
  }
  return extents;
}

std::vector<bool> private_storages(const Storages& storages, const Extents& extents) {
  std::vector<bool> result(storages.storages.size(), true);
  for (auto a = extents.begin(); a != extents.end(); ++a) {
    for (auto b = std::next(a); b != extents.end() && b->first.first == a->first.first; ++b) {
      if (!intersection(a->second, b->second).empty()) result[a->first.first] = false;
    }
  }
  return result;
}

}  // namespace chengying::compiler::tiles
