#include "compiler/tiles/storage.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/check.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::int64_t kPaddedTo = 4;  // what Conv rounds its input channels up to

/// A value as a block of another one: the other's dimension for each of its own, and where it starts there.
struct Parent {
  ValueId value = kNoValue;
  std::vector<std::int32_t> dimension;
  std::vector<std::int64_t> offset;
};

std::vector<std::size_t> memory_order(const Value& value) {
  if (value.layout == Layout::kChannelsLast && !value.constant) return {0, 2, 3, 1};
  std::vector<std::size_t> order(value.shape.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

/// The innermost dimension that is larger than 1: what padding would tear apart.
std::int64_t innermost_size(const Value& value) {
  const std::vector<std::size_t> order = memory_order(value);
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    if (value.shape[*d] != 1) return value.shape[*d];
  }
  return kPaddedTo;
}

bool padding_free(const Value& value) {
  return value.dtype != DType::kU8 || innermost_size(value) % kPaddedTo == 0;
}

/// A reshape, transposition or relayout that only renames dimensions.
std::optional<Parent> renamed(const Graph& graph, const Node& node) {
  if (!keeps_bytes(graph, node)) return std::nullopt;
  const Value &from = graph.value(node.inputs[0]), &to = graph.value(node.output);
  if (!padding_free(from) || !padding_free(to)) return std::nullopt;
  std::vector<std::size_t> before, after;  // dimensions larger than 1 in memory order
  for (const std::size_t d : memory_order(from)) {
    if (from.shape[d] != 1) before.push_back(d);
  }
  for (const std::size_t d : memory_order(to)) {
    if (to.shape[d] != 1) after.push_back(d);
  }
  if (before.size() != after.size()) return std::nullopt;
  Parent parent{node.inputs[0], std::vector<std::int32_t>(to.shape.size(), -1),
                std::vector<std::int64_t>(from.shape.size(), 0)};
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (from.shape[before[i]] != to.shape[after[i]]) return std::nullopt;
    parent.dimension[after[i]] = static_cast<std::int32_t>(before[i]);
  }
  return parent;
}

std::vector<std::int32_t> same_dimensions(const Value& value) {
  std::vector<std::int32_t> dimensions(value.shape.size());
  std::iota(dimensions.begin(), dimensions.end(), 0);
  return dimensions;
}

/// A slice without steps: a window on its source.
std::optional<Parent> window(const Graph& graph, const Node& node, const SliceNode& slice) {
  const Value &from = graph.value(node.inputs[0]), &to = graph.value(node.output);
  const bool dense = std::ranges::all_of(slice.steps, [](std::int64_t step) { return step == 1; });
  if (!dense || memory_order(from) != memory_order(to)) return std::nullopt;
  if (to.dtype == DType::kU8 && !to.shape.empty()) {
    const std::size_t inner = memory_order(from).back();
    if (slice.starts[inner] % kPaddedTo != 0 || !padding_free(to)) return std::nullopt;
  }
  return Parent{node.inputs[0], same_dimensions(to), slice.starts};
}

class Assigner {
 public:
  Assigner(const Graph& graph, const isa::ChipSpec& chip)
      : graph_(graph),
        chip_(chip),
        users_(users_of(graph)),
        producers_(producers_of(graph)),
        parents_(graph.values.size()),
        has_children_(graph.values.size(), false) {}

  Storages assign() {
    for (const Node& node : graph_.nodes) find_view(node);
    for (const Node& node : graph_.nodes) find_concat(node);
    result_.of_value.resize(graph_.values.size(), Placement{Storages::kNoStorage, {}, {}});
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      if (is_used(id)) place(id);
    }
    return std::move(result_);
  }

 private:
  bool is_input(ValueId id) const { return std::ranges::find(graph_.inputs, id) != graph_.inputs.end(); }
  bool is_output(ValueId id) const { return std::ranges::find(graph_.outputs, id) != graph_.outputs.end(); }
  bool is_used(ValueId id) const {
    return !users_[id].empty() || producers_[id] != kNoValue || is_input(id) || is_output(id);
  }

  void adopt(ValueId child, Parent parent) {
    has_children_[parent.value] = true;
    parents_[child] = std::move(parent);
  }

  void find_view(const Node& node) {
    std::optional<Parent> parent = renamed(graph_, node);
    if (const auto* slice = std::get_if<SliceNode>(&node.op)) parent = window(graph_, node, *slice);
    if (parent) adopt(node.output, std::move(*parent));
  }

  void find_concat(const Node& node) {
    const auto* concat = std::get_if<ConcatNode>(&node.op);
    if (concat == nullptr) return;
    const Value& to = graph_.value(node.output);
    const std::size_t axis = static_cast<std::size_t>(concat->axis);
    const bool innermost = memory_order(to).back() == axis;
    std::int64_t start = 0;
    for (const ValueId id : node.inputs) {
      const Value& from = graph_.value(id);
      const bool aligned = to.dtype != DType::kU8 || !innermost ||
                           (start % kPaddedTo == 0 && from.shape[axis] % kPaddedTo == 0);
      const bool own = producers_[id] != kNoValue && !parents_[id] && !is_output(id) &&
                       std::ranges::count(node.inputs, id) == 1;
      const bool same = from.dtype == to.dtype && from.quantisation == to.quantisation &&
                        memory_order(from) == memory_order(to);
      if (aligned && own && same) {
        std::vector<std::int64_t> offset(to.shape.size(), 0);
        offset[axis] = start;
        adopt(id, {node.output, same_dimensions(from), std::move(offset)});
      }
      start += from.shape[axis];
    }
  }

  /// Places a value, its parents first.
  const Placement& place(ValueId id) {
    Placement& placement = result_.of_value[id];
    if (placement.storage != Storages::kNoStorage) return placement;
    if (!parents_[id]) {
      placement = {add_storage(id), same_dimensions(graph_.value(id)),
                   std::vector<std::int64_t>(graph_.value(id).shape.size(), 0)};
    } else {
      placement = within(*parents_[id], place(parents_[id]->value));
    }
    mark_padding(id, placement, result_.storages[placement.storage]);
    return placement;
  }

  static Placement within(const Parent& parent, const Placement& outer) {
    Placement placement{outer.storage, {}, outer.offset};
    for (const std::int32_t d : parent.dimension) {
      placement.dimension.push_back(d < 0 ? -1 : outer.dimension[d]);
    }
    for (std::size_t d = 0; d < parent.offset.size(); ++d) {
      if (outer.dimension[d] >= 0) placement.offset[outer.dimension[d]] += parent.offset[d];
    }
    return placement;
  }

  StorageId add_storage(ValueId id) {
    const Value& value = graph_.value(id);
    Storage storage{.name = value.name,
                    .dtype = value.dtype,
                    .shape = value.shape,
                    .order = memory_order(value),
                    .value = id};
    if (value.constant) {
      storage.where = Where::kConstant;
    } else if (is_input(id)) {
      storage.where = Where::kInput;
      storage.staged = !chip_.memory.engines_reach_host;
    } else if (is_output(id) && users_[id].empty() && !has_children_[id] && chip_.memory.engines_reach_host) {
      storage.where = Where::kOutput;
    }
    storage.padded = value.dtype == DType::kU8 && value.layout == Layout::kChannelsLast && !value.constant;
    result_.storages.push_back(std::move(storage));
    return static_cast<StorageId>(result_.storages.size() - 1);
  }

  /// A u8 product reads its input channels in fours: the pixels (or rows) of what it reads must lie so. Where
  /// the value's innermost dimension is not the storage's, it is a multiple of 4 already (`renamed`).
  void mark_padding(ValueId id, const Placement& placement, Storage& storage) const {
    const Value& value = graph_.value(id);
    if (value.dtype != DType::kU8 || value.shape.empty()) return;
    const std::int32_t inner = placement.dimension[memory_order(value).back()];
    if (inner != static_cast<std::int32_t>(storage.order.back())) return;
    for (const std::uint32_t user : users_[id]) {
      const Node& node = graph_.nodes[user];
      if (fused_of(node.op) == nullptr || node.inputs[0] != id) continue;
      storage.padded = true;
      if (storage.where == Where::kInput && value.shape[memory_order(value).back()] % kPaddedTo != 0) {
        storage.staged = true;
      }
    }
  }

  const Graph& graph_;
  const isa::ChipSpec& chip_;
  std::vector<std::vector<std::uint32_t>> users_;
  std::vector<std::uint32_t> producers_;
  std::vector<std::optional<Parent>> parents_;
  std::vector<bool> has_children_;
  Storages result_;
};

}  // namespace

Box Storages::in_storage(ValueId id, const Box& box) const {
  const Placement& placement = of_value[id];
  Box result{placement.offset, std::vector<std::int64_t>(placement.offset.size(), 1)};
  for (std::size_t d = 0; d < box.size.size(); ++d) {
    if (placement.dimension[d] < 0) continue;
    result.start[placement.dimension[d]] += box.start[d];
    result.size[placement.dimension[d]] = box.size[d];
  }
  return result;
}

Storages assign_storages(const Graph& graph, const isa::ChipSpec& chip) {
  return Assigner(graph, chip).assign();
}

bool is_same_memory(const Storages& storages, ValueId from_value, const Box& from, ValueId to_value,
                    const Box& to) {
  return storages.of_value[from_value].storage == storages.of_value[to_value].storage &&
         storages.in_storage(from_value, from) == storages.in_storage(to_value, to);
}

std::vector<std::int64_t> strides_of(const Storage& storage, const std::vector<std::int64_t>& size,
                                     bool padded) {
  std::vector<std::int64_t> strides(size.size(), 0);
  std::int64_t stride = static_cast<std::int64_t>(size_of(storage.dtype));
  bool innermost = true;
  for (auto d = storage.order.rbegin(); d != storage.order.rend(); ++d) {
    strides[*d] = stride;
    std::int64_t extent = size[*d];
    if (innermost && padded) extent = (extent + kPaddedTo - 1) / kPaddedTo * kPaddedTo;
    innermost = false;
    stride *= extent;
  }
  return strides;
}

}  // namespace chengying::compiler::tiles
