#include "compiler/tiles/build.h"

#include <algorithm>

#include "base/check.h"
#include "compiler/graph/print.h"
#include "compiler/tiles/homes.h"
#include "compiler/tiles/operations.h"
#include "compiler/tiles/order.h"
#include "compiler/tiles/plan.h"

namespace chengying::compiler::tiles {

namespace {

/// What of `piece` (in the value's dimensions) lies in `there` (in its storage's).
Box part_in(const Storages& storages, ValueId id, const Box& piece, const Box& there) {
  const Box common = intersection(storages.in_storage(id, piece), there);
  const Placement& placement = storages.of_value[id];
  Box result = piece;
  if (common.empty()) {
    if (!result.size.empty()) result.size[0] = 0;
    return result;
  }
  for (std::size_t d = 0; d < piece.size.size(); ++d) {
    const std::int32_t from = placement.dimension[d];
    if (from < 0) continue;
    result.start[d] = common.start[from] - placement.offset[from];
    result.size[d] = common.size[from];
  }
  return result;
}

std::vector<std::int64_t> dense_strides(const Shape& shape, DType dtype) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = static_cast<std::int64_t>(size_of(dtype));
  for (std::size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

class Builder {
 public:
  Builder(const Graph& graph, const Decisions& decisions, const isa::ChipSpec& chip, std::uint16_t cores,
          ConstantPool& pool)
      : graph_(graph),
        decisions_(decisions),
        pool_(pool),
        storages_(assign_storages(graph, chip)),
        plans_(plan_nodes(graph, storages_, decisions, cores)),
        producers_(producers_of(graph)),
        homes_(graph, storages_, extents_of(graph, storages_, plans_), shares_memory(chip), tiles_, pool) {}

  Result<Tiles> build(std::int32_t batch) {
    tiles_.batch = batch;
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
      if (Status emitted = emit_node(node); !emitted) return within_node(node, emitted.error());
    }
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) TRY(emit_output(i));
    order_steps(tiles_);
    return std::move(tiles_);
  }

 private:
  std::unexpected<Error> within_node(std::size_t index, const Error& error) const {
    const Node& node = graph_.nodes[index];
    return within(
        fmt::format("{} ({}, {})", node.name, name_of(node.op), to_string(graph_.value(node.output))), error);
  }

  void add_step(std::uint16_t core, std::size_t node, isa::Operation operation) {
    tiles_.steps.push_back({core, static_cast<std::uint32_t>(node), {}, std::move(operation)});
  }

  Status add_copies(std::uint16_t core, std::size_t node, const Strided& from, const Strided& to) {
    TRY_ASSIGN(const std::vector<isa::Copy> all, copies(from, to));
    for (const isa::Copy& copy : all) add_step(core, node, copy);
    return {};
  }

  /// Copies what core `core` lacks of `box` (in the storage's dimensions) from where it is.
  Status fetch(StorageId id, const Box& box, std::uint16_t core, std::size_t node) {
    const Storage& storage = storages_.storages[id];
    if (!in_scratch(storage)) return {};
    Home& home = homes_.of(id, core);
    std::vector<Box> missing = difference(box, home.valid);
    const auto copy_from = [&](const Home& source, const Box& piece) {
      home.valid.push_back(piece);
      return add_copies(core, node, window_in(source, storage.dtype, piece),
                        window_in(home, storage.dtype, piece));
    };
    if (storage.staged) {
      for (const Box& piece : missing) TRY(copy_from(homes_.fixed(id), piece));
      return {};
    }
    for (const auto& [other, source] : homes_.all(id)) {
      if (source == &home) continue;
      for (const Box& there : source->valid) {
        for (const Box& piece : missing) {
          const Box common = intersection(piece, there);
          if (!common.empty()) TRY(copy_from(*source, common));
        }
        missing = difference_of_all(missing, there);
      }
    }
    CHECK(missing.empty());
    return {};
  }

  static std::vector<Box> difference_of_all(const std::vector<Box>& boxes, const Box& taken) {
    std::vector<Box> rest;
    for (const Box& box : boxes) {
      for (Box& left : difference(box, taken)) rest.push_back(std::move(left));
    }
    return rest;
  }

  Strided window(ValueId id, const Box& box, std::uint16_t core) {
    return window_of_value(homes_.of(storages_.of_value[id].storage, core), storages_, graph_, id, box);
  }

  /// The blocks of all cores; the first pieces of all before the second ones, as they will run.
  Status emit_node(std::size_t index) {
    std::vector<std::vector<Box>> pieces;  // by core
    std::size_t most = 0;
    for (const Box& block : plans_[index].blocks) {
      pieces.push_back(pieces_of(graph_, graph_.nodes[index], block, decisions_.pieces_of(index)));
      most = std::max(most, pieces.back().size());
    }
    for (std::size_t i = 0; i < most; ++i) {
      for (std::uint16_t core = 0; core < pieces.size(); ++core) {
        if (i < pieces[core].size()) TRY(emit_piece(index, core, pieces[core][i]));
      }
    }
    return {};
  }

  Status emit_piece(std::size_t index, std::uint16_t core, const Box& piece) {
    const Node& node = graph_.nodes[index];
    const Plan& plan = plans_[index];
    const std::vector<ValueId> operands = operands_of(node);
    Task task{graph_, node, piece, {}, {}, {}, plan.in_place};
    for (std::size_t i = 0; i < operands.size(); ++i) {
      Box& box = task.boxes.emplace_back();
      Strided& operand = task.operands.emplace_back();
      if (is_parameter(node, i)) continue;
      box = needed(graph_, node, i, task.out);
      if (plan.in_place[i] || box.empty()) continue;
      TRY(fetch(storages_.of_value[operands[i]].storage, storages_.in_storage(operands[i], box), core,
                index));
      operand = window(operands[i], box, core);
    }
    task.output = window(node.output, task.out, core);
    TRY_ASSIGN(std::vector<isa::Operation> operations, operations_of(task, pool_));
    for (isa::Operation& operation : operations) add_step(core, index, std::move(operation));
    mark_valid(index, core, piece);
    return {};
  }

  void mark_valid(std::size_t index, std::uint16_t core, const Box& block) {
    const Node& node = graph_.nodes[index];
    const Plan& plan = plans_[index];
    Home& home = homes_.of(storages_.of_value[node.output].storage, core);
    if (!std::holds_alternative<ConcatNode>(node.op)) {
      home.valid.push_back(storages_.in_storage(node.output, block));
      return;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Box slot = intersection(slot_of(graph_, node, i), block);
      if (!plan.in_place[i] && !slot.empty()) {
        home.valid.push_back(storages_.in_storage(node.output, slot));
      }
    }
  }

  /// Copies the block of an output to the request's tensor, for the node that made it.
  Status copy_out(std::size_t index, std::uint16_t core, const Home& from, const Box& box) {
    const ValueId id = graph_.outputs[index];
    const Shape& shape = graph_.value(id).shape;
    const std::uint32_t producer = producers_[id];
    const std::size_t last = std::max<std::size_t>(graph_.nodes.size(), 1) - 1;
    const Strided source = window_of_value(from, storages_, graph_, id, box);
    Strided destination{host_at(tiles_.outputs[index]), source.dtype, box.size,
                        dense_strides(shape, source.dtype)};
    for (std::size_t d = 0; d < box.size.size(); ++d) {
      destination.at.offset += static_cast<std::uint64_t>(box.start[d] * destination.stride[d]);
    }
    return add_copies(core, producer == kNoValue ? last : producer, source, destination);
  }

  /// Sees to it that an output is in the request's tensor, if it wasn't made there.
  Status emit_output(std::size_t index) {
    const ValueId id = graph_.outputs[index];
    const StorageId storage = storages_.of_value[id].storage;
    const Where where = storages_.storages[storage].where;
    std::vector<Box> missing{Box::whole(graph_.value(id).shape)};
    if (where == Where::kOutput && host_at(tiles_.outputs[index]) == homes_.fixed(storage).at) return {};
    if (where == Where::kInput || where == Where::kOutput) {
      return copy_out(index, 0, homes_.fixed(storage), missing.front());
    }
    if (where == Where::kConstant) return copy_out(index, 0, homes_.of(storage, 0), missing.front());
    for (const auto& [core, home] : homes_.all(storage)) {
      for (const Box& there : home->valid) {
        std::vector<Box> rest;
        for (const Box& piece : missing) {
          const Box part = part_in(storages_, id, piece, there);
          if (!part.empty()) TRY(copy_out(index, core, *home, part));
          for (Box& left : difference(piece, part)) rest.push_back(std::move(left));
        }
        missing = std::move(rest);
      }
    }
    CHECK(missing.empty());
    return {};
  }

  const Graph& graph_;
  const Decisions& decisions_;
  ConstantPool& pool_;
  const Storages storages_;
  const std::vector<Plan> plans_;
  const std::vector<std::uint32_t> producers_;
  Tiles tiles_;
  Homes homes_;
};

}  // namespace

bool shares_memory(const isa::ChipSpec& chip) {
  return chip.memory.sram_bytes == 0 && chip.memory.engines_reach_dram;
}

Result<Tiles> build(const Graph& graph, std::int32_t batch, const Decisions& decisions,
                    const isa::ChipSpec& chip, std::uint16_t cores, ConstantPool& pool) {
  CHECK(decisions.of_node.size() == graph.nodes.size());
  return Builder(graph, decisions, chip, cores, pool).build(batch);
}

}  // namespace chengying::compiler::tiles
