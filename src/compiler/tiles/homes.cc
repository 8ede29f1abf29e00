#include "compiler/tiles/homes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kReadBehind = 3;  // Conv reads its last channels rounded up to 4

/// The whole storage, dense, at a place that is known already.
Home fixed_home(const Storage& storage, isa::Address at) {
  const Box whole = Box::whole(storage.shape);
  return {.at = at, .box = whole, .stride = strides_of(storage, whole.size, false), .valid = {whole}};
}

/// The request's tensors, inputs first, each at a multiple of 64.
void bind_ports(const Graph& graph, Tiles& tiles) {
  std::uint64_t offset = 0;
  const auto binding = [&](ValueId id) {
    const Value& value = graph.value(id);
    isa::Binding result{value.name, value.dtype, value.shape, offset};
    offset += (result.bytes() + kAlignment - 1) / kAlignment * kAlignment;
    return result;
  };
  for (const ValueId id : graph.inputs) tiles.inputs.push_back(binding(id));
  for (const ValueId id : graph.outputs) tiles.outputs.push_back(binding(id));
}

}  // namespace

bool in_scratch(const Storage& storage) {
  return storage.where == Where::kScratch || storage.staged;
}

isa::Address host_at(const isa::Binding& binding) {
  return {.space = isa::Space::kHost, .core = 0, .offset = binding.offset};
}

isa::Address address_in(const Home& home, const Box& box) {
  CHECK(contains(home.box, box));
  std::int64_t byte = 0;
  for (std::size_t d = 0; d < box.start.size(); ++d)
    byte += (box.start[d] - home.box.start[d]) * home.stride[d];
  return home.at + static_cast<std::uint64_t>(byte);
}

Strided window_in(const Home& home, DType dtype, const Box& box) {
  return {address_in(home, box), dtype, box.size, home.stride};
}

Strided window_of_value(const Home& home, const Storages& storages, const Graph& graph, ValueId id,
                        const Box& box) {
  const Placement& placement = storages.of_value[id];
  Strided window{address_in(home, storages.in_storage(id, box)), graph.value(id).dtype, box.size,
                 std::vector<std::int64_t>(box.size.size(), 0)};
  // A dimension of size 1 that the storage lacks: nothing moves along it, so any stride will do.
  const std::int64_t outermost =
      home.stride.empty() ? static_cast<std::int64_t>(size_of(window.dtype)) : std::ranges::max(home.stride);
  for (std::size_t d = 0; d < box.size.size(); ++d) {
    const std::int32_t from = placement.dimension[d];
    window.stride[d] = from < 0 ? outermost : home.stride[from];
  }
  return window;
}

Home Homes::scratch_home(const Storage& storage, const Box& box, std::uint16_t core) {
  Home home{.at = {}, .box = box, .stride = strides_of(storage, box.size, storage.padded), .valid = {}};
  Buffer buffer{.name = storage.name,
                .space = shared_memory_ ? isa::Space::kDram : isa::Space::kSram,
                .core = shared_memory_ ? std::uint16_t{0} : core,
                .bytes = 0,
                .dimensions = {}};
  std::int64_t last = 0;
  for (const std::size_t d : storage.order) {
    last += (box.size[d] - 1) * home.stride[d];
    std::int64_t size = box.size[d];
    if (storage.padded && d == storage.order.back()) size = (size + kReadBehind) / 4 * 4;
    if (size > 1) buffer.dimensions.push_back({home.stride[d], size});
  }
  const std::uint64_t bytes = static_cast<std::uint64_t>(last) + size_of(storage.dtype) + kReadBehind;
  buffer.bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  CHECK(buffer.bytes < std::uint64_t{1} << kBufferShift);
  home.at = virtual_at(buffer, static_cast<BufferId>(tiles_.buffers.size()));
  tiles_.buffers.push_back(std::move(buffer));
  return home;
}

Homes::Homes(const Graph& graph, const Storages& storages, const Extents& extents, bool shared_memory,
             Tiles& tiles, ConstantPool& pool)
    : graph_(graph),
      storages_(storages),
      shared_memory_(shared_memory),
      private_(private_storages(storages, extents)),
      tiles_(tiles),
      pool_(pool) {
  bind_ports(graph, tiles);
  for (const auto& [key, box] : extents) {
    const auto& [id, core] = key;
    const Storage& storage = storages.storages[id];
    if (!in_scratch(storage)) continue;
    if (!shared_memory || private_[id]) {
      scratch_.emplace(key, scratch_home(storage, box, core));
    } else if (!scratch_.contains({id, 0})) {
      scratch_.emplace(std::pair(id, std::uint16_t{0}), scratch_home(storage, Box::whole(storage.shape), 0));
    }
  }
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const StorageId id = storages.of_value[graph.inputs[i]].storage;
    fixed_.emplace(id, fixed_home(storages.storages[id], host_at(tiles.inputs[i])));
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const StorageId id = storages.of_value[graph.outputs[i]].storage;
    const Storage& storage = storages.storages[id];
    if (storage.where == Where::kOutput) fixed_.emplace(id, fixed_home(storage, host_at(tiles.outputs[i])));
  }
}

Home& Homes::of(StorageId id, std::uint16_t core) {
  const Storage& storage = storages_.storages[id];
  if (in_scratch(storage)) {
    const bool own = !shared_memory_ || private_[id];
    return scratch_.at({id, own ? core : std::uint16_t{0}});
  }
  if (storage.where == Where::kConstant && !fixed_.contains(id)) {
    const Tensor& tensor = *graph_.value(storage.value).constant;
    const std::string key = fmt::format("{} as it is", static_cast<const void*>(&tensor));
    fixed_.emplace(id, fixed_home(storage, pool_.once(key, [&] { return pool_.add(tensor.bytes()); })));
  }
  return fixed_.at(id);
}

std::vector<std::pair<std::uint16_t, Home*>> Homes::all(StorageId id) {
  std::vector<std::pair<std::uint16_t, Home*>> homes;
  for (auto home = scratch_.lower_bound({id, 0}); home != scratch_.end() && home->first.first == id; ++home) {
    homes.emplace_back(home->first.second, &home->second);
  }
  return homes;
}

}  // namespace chengying::compiler::tiles
