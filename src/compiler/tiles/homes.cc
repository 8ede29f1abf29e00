#include "compiler/tiles/homes.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kReadBehind = 3;  // Conv reads its last channels rounded up to 4

}  // namespace

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

Home make_home(const Storage& storage, const Box& box, isa::Space space, std::uint16_t core, Tiles& tiles) {
  Home home{.at = {}, .box = box, .stride = strides_of(storage, box.size, storage.padded), .valid = {}};
  Buffer buffer{.name = storage.name, .space = space, .core = core, .bytes = 0, .dimensions = {}};
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
  home.at = virtual_at(buffer, static_cast<BufferId>(tiles.buffers.size()));
  tiles.buffers.push_back(std::move(buffer));
  return home;
}

Home fixed_home(const Storage& storage, isa::Address at) {
  const Box whole = Box::whole(storage.shape);
  return {.at = at, .box = whole, .stride = strides_of(storage, whole.size, false), .valid = {whole}};
}

}  // namespace chengying::compiler::tiles
