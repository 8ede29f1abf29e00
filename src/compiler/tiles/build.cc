#include "compiler/tiles/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "compiler/tiles/homes.h"
#include "compiler/tiles/operations.h"
#include "compiler/tiles/order.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::uint64_t kBindingAlignment = 64;

/// What each node does on each core: its block of the output, and the operands that lie in place already.
struct Plan {
  std::vector<Box> blocks;     // block i belongs to core i
  std::vector<bool> in_place;  // by operand
  bool free = false;           // all operands are in place: no step
};

class Builder {
 public:
  Builder(const Graph& graph, const Decisions& decisions, const isa::ChipSpec& chip, std::uint16_t cores,
          ConstantPool& pool)
      : graph_(graph),
        shared_(shares_memory(chip)),
        cores_(cores),
        pool_(pool),
        storages_(assign_storages(graph, chip)) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) plan(graph.nodes[i], decisions.of_node[i]);
  }

  Result<Tiles> build(std::int32_t batch) {
    tiles_.batch = batch;
    bind();
    make_homes();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) TRY(emit(i));
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) emit_output(i);
    order_steps(tiles_);
    return std::move(tiles_);
  }

 private:
  Place place_of(std::uint16_t core) const { return shared_ ? Place{0} : core; }

  /// Where the output's dimensions have operand `i`: only a Concat puts it anywhere but at the start.
  Box slot_of(const Node& node, std::size_t operand) const {
    const auto* concat = std::get_if<ConcatNode>(&node.op);
    if (concat == nullptr) return Box::whole(graph_.value(node.output).shape);
    Box slot = Box::whole(graph_.value(node.inputs[operand]).shape);
    for (std::size_t i = 0; i < operand; ++i) {
      slot.start[concat->axis] += graph_.value(node.inputs[i]).shape[concat->axis];
    }
    return slot;
  }

  void plan(const Node& node, Split split) {
    Plan& plan = plans_.emplace_back();
    const Box whole = Box::whole(graph_.value(node.output).shape);
    const std::vector<ValueId> operands = operands_of(node);
    const bool moves =
        std::holds_alternative<ReshapeNode>(node.op) || std::holds_alternative<TransposeNode>(node.op) ||
        std::holds_alternative<RelayoutNode>(node.op) || std::holds_alternative<SliceNode>(node.op) ||
        std::holds_alternative<ConcatNode>(node.op);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      plan.in_place.push_back(moves && is_same_memory(storages_, operands[i], needed(graph_, node, i, whole),
                                                      node.output, slot_of(node, i)));
    }
    plan.free = std::ranges::all_of(plan.in_place, [](bool in_place) { return in_place; });
    if (plan.free) return;
    plan.blocks = blocks_of(graph_, node, split, cores_);
    for (std::uint16_t core = 0; core < plan.blocks.size(); ++core) {
      extend(node.output, plan.blocks[core], core);
      for (std::size_t i = 0; i < operands.size(); ++i) {
        if (is_parameter(node, i) || plan.in_place[i]) continue;
        extend(operands[i], needed(graph_, node, i, plan.blocks[core]), core);
      }
    }
  }

  /// A core holds the block around all that it makes or needs of a storage.
  void extend(ValueId id, const Box& box, std::uint16_t core) {
    if (box.empty()) return;
    const StorageId storage = storages_.of_value[id].storage;
    const Box mine = storages_.in_storage(id, box);
    const auto [found, is_new] = extents_.try_emplace({storage, place_of(core)}, mine);
    if (!is_new) found->second = bound(found->second, mine);
  }

  void bind() {
    std::uint64_t offset = 0;
    const auto binding = [&](ValueId id) {
      const Value& value = graph_.value(id);
      isa::Binding result{value.name, value.dtype, value.shape, offset};
      offset += (result.bytes() + kBindingAlignment - 1) / kBindingAlignment * kBindingAlignment;
      return result;
    };
    for (const ValueId id : graph_.inputs) tiles_.inputs.push_back(binding(id));
    for (const ValueId id : graph_.outputs) tiles_.outputs.push_back(binding(id));
  }

  static isa::Address host_at(const isa::Binding& binding) {
    return {.space = isa::Space::kHost, .core = 0, .offset = binding.offset};
  }

  void make_homes() {
    for (auto& [key, box] : extents_) {
      const auto& [id, place] = key;
      const Storage& storage = storages_.storages[id];
      const bool in_scratch = storage.where == Where::kScratch || storage.staged;
      if (!in_scratch) continue;
      const Box held = shared_ ? Box::whole(storage.shape) : box;
      const isa::Space space = shared_ ? isa::Space::kDram : isa::Space::kSram;
      homes_.emplace(key, make_home(storage, held, space, place, tiles_));
    }
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
      const StorageId id = storages_.of_value[graph_.inputs[i]].storage;
      fixed_.emplace(id, fixed_home(storages_.storages[id], host_at(tiles_.inputs[i])));
    }
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
      const StorageId id = storages_.of_value[graph_.outputs[i]].storage;
      const Storage& storage = storages_.storages[id];
      if (storage.where == Where::kOutput) {
        fixed_.emplace(id, fixed_home(storage, host_at(tiles_.outputs[i])));
      }
    }
  }

  /// Where core `core` reads and writes a storage.
  Home& home_of(StorageId id, std::uint16_t core) {
    const Storage& storage = storages_.storages[id];
    if (storage.where == Where::kScratch || storage.staged) return homes_.at({id, place_of(core)});
    if (storage.where == Where::kConstant && !fixed_.contains(id)) {
      const Tensor& tensor = *graph_.value(storage.value).constant;
      fixed_.emplace(id, fixed_home(storage, pool_.add(tensor.bytes())));
    }
    return fixed_.at(id);
  }

  void add_step(std::uint16_t core, std::size_t node, isa::Operation operation) {
    tiles_.steps.push_back({core, static_cast<std::uint32_t>(node), {}, std::move(operation)});
  }

  void add_copies(std::uint16_t core, std::size_t node, const Home& from, const Home& to, DType dtype,
                  const Box& box) {
    for (const isa::Copy& copy : copies(window_in(from, dtype, box), window_in(to, dtype, box))) {
      add_step(core, node, copy);
    }
  }

  /// Copies what core `core` lacks of `box` (in the storage's dimensions) from where it is.
  void fetch(StorageId id, const Box& box, std::uint16_t core, std::size_t node) {
    const Storage& storage = storages_.storages[id];
    if (storage.where != Where::kScratch && !storage.staged) return;
    Home& home = home_of(id, core);
    std::vector<Box> missing = difference(box, home.valid);
    if (storage.staged) {
      for (const Box& piece : missing) add_copies(core, node, fixed_.at(id), home, storage.dtype, piece);
      home.valid.insert(home.valid.end(), missing.begin(), missing.end());
      return;
    }
    for (Place other = 0; other < cores_ && !missing.empty() && !shared_; ++other) {
      const auto source = homes_.find({id, other});
      if (other == place_of(core) || source == homes_.end()) continue;
      for (const Box& there : source->second.valid) {
        std::vector<Box> rest;
        for (const Box& piece : missing) {
          const Box common = intersection(piece, there);
          if (!common.empty()) {
            add_copies(core, node, source->second, home, storage.dtype, common);
            home.valid.push_back(common);
          }
          for (Box& left : difference(piece, common)) rest.push_back(std::move(left));
        }
        missing = std::move(rest);
      }
    }
    CHECK(missing.empty());
  }

  Strided window(ValueId id, const Box& box, std::uint16_t core) {
    return window_of_value(home_of(storages_.of_value[id].storage, core), storages_, graph_, id, box);
  }

  Status emit(std::size_t index) {
    const Plan& plan = plans_[index];
    for (std::uint16_t core = 0; core < plan.blocks.size(); ++core) TRY(emit_block(index, core));
    return {};
  }

  Status emit_block(std::size_t index, std::uint16_t core) {
    const Node& node = graph_.nodes[index];
    const Plan& plan = plans_[index];
    const std::vector<ValueId> operands = operands_of(node);
    Task task{graph_, node, plan.blocks[core], {}, {}, {}, plan.in_place};
    for (std::size_t i = 0; i < operands.size(); ++i) {
      Box box;
      Strided operand;
      if (!is_parameter(node, i)) {
        box = needed(graph_, node, i, task.out);
        if (!plan.in_place[i] && !box.empty()) {
          fetch(storages_.of_value[operands[i]].storage, storages_.in_storage(operands[i], box), core, index);
          operand = window(operands[i], box, core);
        }
      }
      task.boxes.push_back(std::move(box));
      task.operands.push_back(std::move(operand));
    }
    task.output = window(node.output, task.out, core);
    TRY_ASSIGN(std::vector<isa::Operation> operations, operations_of(task, pool_));
    for (isa::Operation& operation : operations) add_step(core, index, std::move(operation));
    mark_valid(index, core);
    return {};
  }

  void mark_valid(std::size_t index, std::uint16_t core) {
    const Node& node = graph_.nodes[index];
    const Plan& plan = plans_[index];
    Home& home = home_of(storages_.of_value[node.output].storage, core);
    const Box& block = plan.blocks[core];
    if (!std::holds_alternative<ConcatNode>(node.op)) {
      home.valid.push_back(storages_.in_storage(node.output, block));
      return;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Box slot = intersection(slot_of(node, i), block);
      if (!plan.in_place[i] && !slot.empty()) home.valid.push_back(storages_.in_storage(node.output, slot));
    }
  }

  /// The step's node, for reports: the one that made the value, or the last one.
  std::size_t maker_of(ValueId id) const {
    const std::uint32_t producer = producers_of(graph_)[id];
    return producer == kNoValue ? std::max<std::size_t>(graph_.nodes.size(), 1) - 1 : producer;
  }

  /// Copies an output that was not made in place.
  void emit_output(std::size_t index) {
    const ValueId id = graph_.outputs[index];
    const StorageId storage = storages_.of_value[id].storage;
    const std::size_t node = maker_of(id);
    const Box whole = Box::whole(graph_.value(id).shape);
    const auto to_host = [&](std::uint16_t core, const Home& from, const Box& box) {
      const Strided source = window_of_value(from, storages_, graph_, id, box);
      Strided destination{host_at(tiles_.outputs[index]), source.dtype, whole.size, {}};
      destination.stride = dense_strides(whole.size, source.dtype);
      for (std::size_t d = 0; d < box.size.size(); ++d) {
        destination.at.offset += static_cast<std::uint64_t>(box.start[d] * destination.stride[d]);
      }
      destination.shape = box.size;
      for (const isa::Copy& copy : copies(source, destination)) add_step(core, node, copy);
    };
    const Where where = storages_.storages[storage].where;
    if (where == Where::kOutput && host_at(tiles_.outputs[index]) == fixed_.at(storage).at) return;
    if (where == Where::kScratch && !shared_) {
      std::vector<Box> missing{whole};
      for (Place place = 0; place < cores_; ++place) {
        const auto home = homes_.find({storage, place});
        if (home == homes_.end()) continue;
        for (const Box& there : home->second.valid) {
          std::vector<Box> rest;
          for (const Box& piece : missing) {
            const Box common = common_of(id, piece, there);
            if (!common.empty()) to_host(place, home->second, common);
            for (Box& left : difference(piece, common)) rest.push_back(std::move(left));
          }
          missing = std::move(rest);
        }
      }
      CHECK(missing.empty());
      return;
    }
    if (where == Where::kInput) {
      to_host(0, fixed_.at(storage), whole);
    } else {
      to_host(0, home_of(storage, 0), whole);
    }
  }

  /// What of `piece` (in the value's dimensions) lies in `there` (in the storage's).
  Box common_of(ValueId id, const Box& piece, const Box& there) const {
    const Box common = intersection(storages_.in_storage(id, piece), there);
    const Placement& placement = storages_.of_value[id];
    Box result = piece;
    for (std::size_t d = 0; d < piece.size.size(); ++d) {
      const std::int32_t from = placement.dimension[d];
      if (from < 0) {
        if (common.empty()) result.size[d] = 0;
        continue;
      }
      result.start[d] = common.start[from] - placement.offset[from];
      result.size[d] = common.size[from];
    }
    if (common.empty() && !result.size.empty()) result.size[0] = 0;
    return result;
  }

  static std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& size, DType dtype) {
    std::vector<std::int64_t> strides(size.size());
    std::int64_t stride = static_cast<std::int64_t>(size_of(dtype));
    for (std::size_t d = size.size(); d-- > 0;) {
      strides[d] = stride;
      stride *= size[d];
    }
    return strides;
  }

  const Graph& graph_;
  const bool shared_;
  const std::uint16_t cores_;
  ConstantPool& pool_;
  const Storages storages_;
  std::vector<Plan> plans_;
  std::map<std::pair<StorageId, Place>, Box> extents_;
  std::map<std::pair<StorageId, Place>, Home> homes_;
  std::map<StorageId, Home> fixed_;
  Tiles tiles_;
};

}  // namespace

bool shares_memory(const isa::ChipSpec& chip) {
  return chip.memory.dram_bytes > 0 && chip.memory.engines_reach_dram;
}

Result<Tiles> build(const Graph& graph, std::int32_t batch, const Decisions& decisions,
                    const isa::ChipSpec& chip, std::uint16_t cores, ConstantPool& pool) {
  CHECK(decisions.of_node.size() == graph.nodes.size());
  return Builder(graph, decisions, chip, cores, pool).build(batch);
}

}  // namespace chengying::compiler::tiles
