#include "cli/kernel_probe.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "chip/kernels/kernels.h"
#include "chip/memory.h"
#include "isa/packing.h"

namespace chengying::cli {
namespace {

constexpr double kEpilogueSteps = 5;  // of u8 (timing/engine_work.cc): they are counted apart
constexpr std::int32_t kBlock = isa::kChannelBlock;
constexpr std::int32_t kRows = 256, kColumns = 192;          // of the transposition
constexpr std::int32_t kLookedUp = 1 << 16;                  // bytes through a table
constexpr std::int32_t kSize = 28, kPixels = kSize * kSize;  // of an output
constexpr std::int32_t kKernel = 3, kPlaces = kKernel * kKernel;
constexpr std::int32_t kNarrow = 64, kWide = 320;  // two widths tell a window's own cost from its vectors'

constexpr std::size_t kRoomBytes = std::size_t{2} << 20;

/// Memory at multiples of 64 for one operation, of pages as large as those of an engine's scratch: all
/// operands begin where the kernels want them.
class Room {
 public:
  explicit Room(chip::Memory memory) : memory_(std::move(memory)) {
    std::ranges::fill(memory_.bytes(), std::byte{1});
  }
  std::byte* take(std::size_t bytes) {
    std::byte* at = memory_.bytes().data() + used_;
    used_ += (bytes + 64 + 63) / 64 * 64;  // kernels may read a line too much
    CHECK(used_ <= memory_.bytes().size());
    return at;
  }

 private:
  chip::Memory memory_;
  std::size_t used_ = 0;
};

isa::View pixels(std::int32_t h, std::int32_t w, std::int32_t c) {
  return isa::dense_view({}, DType::kU8, {1, h, w, c}, c);
}

std::size_t bytes_of(const isa::View& view) {
  return static_cast<std::size_t>(view.elements());
}

/// Makes works of operations of a fixed shape, whose operands lie in the nearest caches.
class Shapes {
 public:
  Shapes(chip::KernelSet set, Turns& turns) : kernels_(chip::kernels_of(set)), turns_(turns) {}

  /// Bytes of rows to bytes of columns.
  Turns::Work copy(Room room) const {
    isa::View from = pixels(1, kRows, kColumns), to = from;
    to.stride = {std::int64_t{kRows} * kColumns, std::int64_t{kRows} * kColumns, 1, kRows};
    const Operands at{.input = room.take(bytes_of(from)), .output = room.take(bytes_of(to))};
    return add(isa::Copy{from, to}, at, std::move(room));
  }

  Turns::Work lut(Room room) const {
    const isa::View view = pixels(1, 1, kLookedUp);
    const Operands at{
        .input = room.take(bytes_of(view)), .table = room.take(256), .output = room.take(bytes_of(view))};
    return add(isa::Lut{.input = view, .output = view, .table = {}}, at, std::move(room));
  }

  /// The smallest convolution for each of its pixels: four products into one block of channels.
  Turns::Work conv(Room room) const {
    isa::Conv op;
    op.input = pixels(kSize, kSize, isa::kReduceGroup);
    op.output = pixels(kSize, kSize, kBlock);
    const std::size_t weights = isa::packed_conv_i8_bytes({kBlock, 1, 1, isa::kReduceGroup});
    const Operands at = operands(room, op.input, op.output, weights);
    return add(op, at, std::move(room));
  }

  Turns::Work depthwise(Room room, std::int32_t channels, std::int32_t stride) const {
    isa::DepthwiseConv op;
    op.window = {.kernel_h = kKernel, .kernel_w = kKernel, .stride_h = stride, .stride_w = stride};
    const std::int32_t size = stride * (kSize - 1) + kKernel;
    op.input = pixels(size, size, channels);
    op.output = pixels(kSize, kSize, channels);
    const std::size_t weights = isa::packed_depthwise_i8_bytes(channels, kPlaces);
    const Operands at = operands(room, op.input, op.output, weights);
    return add(op, at, std::move(room));
  }

  Turns::Work pool(Room room, isa::PoolKind kind, std::int32_t channels) const {
    const isa::Pool op{.kind = kind,
                       .input = pixels(kSize + kKernel - 1, kSize + kKernel - 1, channels),
                       .output = pixels(kSize, kSize, channels),
                       .window = {.kernel_h = kKernel, .kernel_w = kKernel}};
    const Operands at{.input = room.take(bytes_of(op.input)), .output = room.take(bytes_of(op.output))};
    return add(op, at, std::move(room));
  }

 private:
  static Operands operands(Room& room, const isa::View& input, const isa::View& output,
                           std::size_t weight_bytes) {
    const std::size_t channels = static_cast<std::size_t>(output.shape[3]) + kBlock;
    return {.input = room.take(bytes_of(input)),
            .weights = room.take(weight_bytes),
            .init = room.take(channels * sizeof(std::int32_t)),
            .scale = room.take(channels * sizeof(float)),
            .output = room.take(bytes_of(output))};
  }

  Turns::Work add(isa::Operation operation, const Operands& at, Room room) const {
    return turns_.add(Turns::Bound::kCore,
                      [&kernels = kernels_, operation = std::move(operation), at, room = std::move(room)] {
                        chip::execute(kernels, operation, at);
                      });
  }

  const chip::Kernels& kernels_;
  Turns& turns_;
};

/// Never below nothing: what is left of a measurement once the parts that are counted elsewhere are off it.
double at_least_nothing(double cycles) {
  return std::max(0.0, cycles);
}

}  // namespace

Result<KernelProbe> KernelProbe::make(chip::KernelSet set, Turns& turns) {
  KernelProbe probe;
  probe.lanes_ = set == chip::KernelSet::kAvx512 ? 16 : 8;
  const Shapes shapes(set, turns);
  using Make = std::function<Turns::Work(Room)>;
  const std::pair<Turns::Work Works::*, Make> makes[] = {
      {&Works::copy, [&](Room room) { return shapes.copy(std::move(room)); }},
      {&Works::lut, [&](Room room) { return shapes.lut(std::move(room)); }},
      {&Works::conv, [&](Room room) { return shapes.conv(std::move(room)); }},
      {&Works::depthwise_pairs, [&](Room room) { return shapes.depthwise(std::move(room), 4 * kBlock, 1); }},
      {&Works::depthwise, [&](Room room) { return shapes.depthwise(std::move(room), 4 * kBlock, 2); }},
      {&Works::max_narrow,
       [&](Room room) { return shapes.pool(std::move(room), isa::PoolKind::kMax, kNarrow); }},
      {&Works::max_wide, [&](Room room) { return shapes.pool(std::move(room), isa::PoolKind::kMax, kWide); }},
      {&Works::average,
       [&](Room room) { return shapes.pool(std::move(room), isa::PoolKind::kAverage, kNarrow); }}};
  for (Works& works : probe.works_)
    for (const auto& [work, make] : makes) {
      TRY_ASSIGN(chip::Memory memory, chip::Memory::make(kRoomBytes));
      works.*work = make(Room(std::move(memory)));
    }
  return probe;
}

double KernelProbe::cycles(const Turns& turns, Turns::Work Works::* work) const {
  std::array<double, kPlacesInMemory> all{};
  std::ranges::transform(works_, all.begin(),
                         [&](const Works& works) { return turns.cycles(works.*work).value; });
  std::ranges::sort(all);
  return all[kPlacesInMemory / 2];
}

isa::KernelCosts KernelProbe::costs(const Turns& turns) const {
  const auto each = [&](Turns::Work Works::* work, double of) { return cycles(turns, work) / of; };
  isa::KernelCosts costs;
  costs.moved_element = each(&Works::copy, kRows * kColumns);
  costs.looked_up = each(&Works::lut, kLookedUp);
  const double vectors = kBlock / lanes_;  // of a block of channels
  costs.pixel = at_least_nothing(each(&Works::conv, kPixels) - vectors * (1 + kEpilogueSteps));

  // A step: a vector of channels by four places; nine places are three steps.
  const auto step = [&](Turns::Work Works::* work) {
    const double vector = (each(work, kPixels) - costs.pixel) / (4 * kBlock / lanes_);
    return at_least_nothing((vector - kEpilogueSteps) / 3);
  };
  costs.pair_places = step(&Works::depthwise_pairs);
  costs.places = step(&Works::depthwise);

  const double byte_lanes = 4 * lanes_;
  const double narrow = each(&Works::max_narrow, kPixels), wide = each(&Works::max_wide, kPixels);
  const double vector = at_least_nothing(wide - narrow) / ((kWide - kNarrow) / byte_lanes);
  costs.max_place = vector / kPlaces;
  costs.window = at_least_nothing(narrow - vector * kNarrow / byte_lanes);
  costs.average_place =
      at_least_nothing(each(&Works::average, kPixels) - costs.window) / (kNarrow / lanes_ * kPlaces);
  return costs;
}

}  // namespace chengying::cli
