#include "compiler/tiles/tiles.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/tiles/order.h"

namespace chengying::compiler::tiles {

namespace {

struct Range {
  std::int64_t start = 0, size = 1;
};

/// Adds a dimension of a view to the ranges of the buffer's dimensions; false if it doesn't lie along them.
bool add_dimension(const Buffer& buffer, std::int64_t stride, std::int64_t size, std::vector<Range>& ranges) {
  const auto& dimensions = buffer.dimensions;
  std::size_t d = 0;
  while (d < dimensions.size() && dimensions[d].stride > stride) ++d;
  if (d == dimensions.size() || stride % dimensions[d].stride != 0) return false;
  const std::int64_t step = stride / dimensions[d].stride;
  if (step > 1 || ranges[d].start + size <= dimensions[d].size) {
    ranges[d].size = (size - 1) * step + 1;
    return ranges[d].start + ranges[d].size <= dimensions[d].size;
  }
  // Several whole dimensions in one, from the inside out.
  while (size > 1) {
    if (size <= dimensions[d].size - ranges[d].start) {
      ranges[d].size = size;
      return true;
    }
    const bool whole = ranges[d].start == 0 && size % dimensions[d].size == 0 && d > 0 &&
                       dimensions[d - 1].stride == dimensions[d].stride * dimensions[d].size;
    if (!whole) return false;
    ranges[d].size = dimensions[d].size;
    size /= dimensions[d].size;
    --d;
  }
  return true;
}

/// The block of the buffer's dimensions that a view covers; nullopt if it doesn't lie along them.
std::optional<std::vector<Range>> ranges_of(const Buffer& buffer, const isa::View& view) {
  std::vector<Range> ranges(buffer.dimensions.size());
  std::int64_t byte = static_cast<std::int64_t>(byte_of(view.at));
  for (std::size_t d = 0; d < ranges.size(); ++d) {
    ranges[d].start = byte / buffer.dimensions[d].stride;
    byte %= buffer.dimensions[d].stride;
    if (ranges[d].start >= buffer.dimensions[d].size) return std::nullopt;
  }
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] == 1 || view.stride[d] == 0) continue;
    if (!add_dimension(buffer, view.stride[d], view.shape[d], ranges)) return std::nullopt;
  }
  return ranges;
}

std::string text_of(const isa::Access& access) {
  const isa::View& view = access.view;
  const std::optional<BufferId> id = buffer_of(view.at);
  if (!id) return isa::to_string(view);
  return fmt::format("{}[{},{},{},{}] @ b{}+{} /{},{},{},{}", name_of(view.dtype), view.shape[0],
                     view.shape[1], view.shape[2], view.shape[3], *id, byte_of(view.at), view.stride[0],
                     view.stride[1], view.stride[2], view.stride[3]);
}

}  // namespace

isa::Address virtual_at(const Buffer& buffer, BufferId id, std::uint64_t byte) {
  return {.space = buffer.space, .core = buffer.core, .offset = (std::uint64_t{id} << kBufferShift) | byte};
}

std::optional<BufferId> buffer_of(const isa::Address& address) {
  if (address.space == isa::Space::kConstant || address.space == isa::Space::kHost) return std::nullopt;
  return static_cast<BufferId>(address.offset >> kBufferShift);
}

std::uint64_t byte_of(const isa::Address& address) {
  return address.offset & ((std::uint64_t{1} << kBufferShift) - 1);
}

bool overlap(const Buffer& buffer, const isa::View& a, const isa::View& b) {
  const std::uint64_t a_start = byte_of(a.at), b_start = byte_of(b.at);
  if (a_start >= b_start + b.extent_bytes() || b_start >= a_start + a.extent_bytes()) return false;
  const auto a_ranges = ranges_of(buffer, a);
  const auto b_ranges = a_ranges ? ranges_of(buffer, b) : std::nullopt;
  if (!b_ranges) return true;
  for (std::size_t d = 0; d < a_ranges->size(); ++d) {
    const Range &x = (*a_ranges)[d], &y = (*b_ranges)[d];
    if (x.start >= y.start + y.size || y.start >= x.start + x.size) return false;
  }
  return true;
}

namespace {

Status check_step(const Tiles& tiles, std::uint32_t index) {
  const isa::Instruction& step = tiles.steps[index];
  const auto fault = [&](std::string_view what) {
    return fail(Code::kInternal, "step {} ({}): {}", index, isa::name_of(step.operation), what);
  };
  for (const std::uint32_t wait : step.waits) {
    if (wait >= index) return fault("waits for itself or a later step");
  }
  for (const isa::Access& access : isa::accesses_of(step.operation)) {
    const isa::View& view = access.view;
    const std::optional<BufferId> id = buffer_of(view.at);
    if (access.write && view.at.space == isa::Space::kConstant) return fault("writes to constants");
    if (!id) continue;
    if (*id >= tiles.buffers.size()) return fault("names a buffer that doesn't exist");
    const Buffer& buffer = tiles.buffers[*id];
    if (buffer.space != view.at.space || buffer.core != view.at.core) return fault("names the wrong memory");
    if (byte_of(view.at) + view.extent_bytes() > buffer.bytes) return fault("reaches behind its buffer");
  }
  return {};
}

}  // namespace

Status check(const Tiles& tiles) {
  for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) TRY(check_step(tiles, i));
  Tiles again = tiles;  // the conflicts, found anew
  for (isa::Instruction& step : again.steps) step.waits.clear();
  order_steps(again);
  const Clocks clocks(tiles.steps);
  for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) {
    for (const std::uint32_t earlier : again.steps[i].waits) {
      if (!clocks.ordered(earlier, i)) {
        return fail(Code::kInternal, "steps {} and {} touch the same bytes in no order", earlier, i);
      }
    }
  }
  return {};
}

std::string print(const Tiles& tiles) {
  std::string text = fmt::format("tiles batch {}\n", tiles.batch);
  for (std::size_t i = 0; i < tiles.buffers.size(); ++i) {
    const Buffer& buffer = tiles.buffers[i];
    const std::string memory =
        buffer.space == isa::Space::kSram ? fmt::format("sram[{}]", buffer.core) : "dram";
    text += fmt::format("  b{} {} {} bytes: {}\n", i, memory, buffer.bytes, buffer.name);
  }
  for (std::size_t i = 0; i < tiles.steps.size(); ++i) {
    const isa::Instruction& step = tiles.steps[i];
    text += fmt::format("  {} core {} {}", i, step.core, isa::name_of(step.operation));
    for (const isa::Access& access : isa::accesses_of(step.operation)) {
      if (access.view.at.space == isa::Space::kConstant) continue;
      text += fmt::format(" {} {}", access.write ? "->" : "<-", text_of(access));
    }
    if (!step.waits.empty()) text += fmt::format(" after {}", fmt::join(step.waits, ","));
    text += '\n';
  }
  return text;
}

}  // namespace chengying::compiler::tiles
