#include "cli/kernel_probe.h"

#include <vector>

#include "chip/kernels/kernels.h"
#include "cli/best_of.h"
#include "isa/packing.h"

namespace chengying::cli {
namespace {

constexpr double kSampleSeconds = 2e-3;  // a measurement repeats its operation for so long
constexpr double kEpilogueSteps = 5;     // of u8 (timing/engine_work.cc): they are counted apart
constexpr std::int32_t kBlock = isa::kChannelBlock;

using Bytes = std::vector<std::byte>;

/// Memory at a multiple of 64 for one operation: all operands begin where the kernels want them.
class Room {
 public:
  std::byte* take(std::size_t bytes) {
    Bytes& block = blocks_.emplace_back(bytes + 128, std::byte{1});
    const auto at = reinterpret_cast<std::uintptr_t>(block.data());
    return block.data() + (64 - at % 64) % 64;
  }

 private:
  std::vector<Bytes> blocks_;
};

isa::View pixels(std::int32_t h, std::int32_t w, std::int32_t c) {
  return isa::dense_view({}, DType::kU8, {1, h, w, c}, c);
}

std::size_t bytes_of(const isa::View& view) {
  return static_cast<std::size_t>(view.elements());
}

class Probe {
 public:
  Probe(chip::KernelSet set, double clock_hz, double& spread)
      : kernels_(chip::kernels_of(set)), clock_hz_(clock_hz), spread_(spread) {}

  /// Of one run of an operation, whose operands lie in the nearest caches.
  double cycles(const isa::Operation& operation, const Operands& at) const {
    const auto start = Clock::now();
    chip::execute(kernels_, operation, at);
    const double once = std::max(seconds_since(start), 1e-7);
    const auto runs = static_cast<int>(std::max(1.0, kSampleSeconds / once));
    const auto work = [&] {
      for (int i = 0; i < runs; ++i) chip::execute(kernels_, operation, at);
    };
    return best_seconds(work, spread_) / runs * clock_hz_;
  }

  /// Bytes of rows to bytes of columns.
  double copy_cycles(std::int32_t rows, std::int32_t columns) const {
    Room room;
    isa::View from = pixels(1, rows, columns), to = from;
    to.stride = {std::int64_t{rows} * columns, std::int64_t{rows} * columns, 1, rows};
    return cycles(isa::Copy{from, to},
                  {.input = room.take(bytes_of(from)), .output = room.take(bytes_of(to))});
  }

  double lut_cycles(std::int32_t elements) const {
    Room room;
    const isa::View view = pixels(1, 1, elements);
    return cycles(
        isa::Lut{.input = view, .output = view, .table = {}},
        {.input = room.take(bytes_of(view)), .table = room.take(256), .output = room.take(bytes_of(view))});
  }

  /// The smallest convolution for each of so many pixels: four products into one block of channels.
  double conv_cycles(std::int32_t size) const {
    Room room;
    isa::Conv op;
    op.input = pixels(size, size, isa::kReduceGroup);
    op.output = pixels(size, size, kBlock);
    return cycles(op, operands(room, op.input, op.output,
                               isa::packed_conv_i8_bytes({kBlock, 1, 1, isa::kReduceGroup})));
  }

  double depthwise_cycles(std::int32_t size, std::int32_t channels, std::int32_t stride) const {
    Room room;
    isa::DepthwiseConv op;
    op.window = {.kernel_h = 3, .kernel_w = 3, .stride_h = stride, .stride_w = stride};
    op.input = pixels(stride * (size - 1) + 3, stride * (size - 1) + 3, channels);
    op.output = pixels(size, size, channels);
    return cycles(op, operands(room, op.input, op.output, isa::packed_depthwise_i8_bytes(channels, 3 * 3)));
  }

  double pool_cycles(isa::PoolKind kind, std::int32_t size, std::int32_t channels,
                     std::int32_t kernel) const {
    Room room;
    isa::Pool op{.kind = kind,
                 .input = pixels(size + kernel - 1, size + kernel - 1, channels),
                 .output = pixels(size, size, channels),
                 .window = {.kernel_h = kernel, .kernel_w = kernel}};
    return cycles(op, {.input = room.take(bytes_of(op.input)), .output = room.take(bytes_of(op.output))});
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

  const chip::Kernels& kernels_;
  double clock_hz_;
  double& spread_;
};

/// Never below nothing: what is left of a measurement once the parts that are counted elsewhere are off it.
double at_least_nothing(double cycles) {
  return std::max(0.0, cycles);
}

}  // namespace

isa::KernelCosts measure_kernels(chip::KernelSet set, double clock_hz, double& spread) {
  const Probe probe(set, clock_hz, spread);
  isa::KernelCosts costs;
  costs.moved_element = probe.copy_cycles(256, 192) / (256 * 192);
  costs.looked_up = probe.lut_cycles(1 << 16) / (1 << 16);

  constexpr std::int32_t kSize = 28;
  constexpr double kPixels = kSize * kSize;
  const double lanes = set == chip::KernelSet::kAvx512 ? 16 : 8;
  const double vectors = kBlock / lanes;  // of a block of channels
  costs.pixel = at_least_nothing(probe.conv_cycles(kSize) / kPixels - vectors * (1 + kEpilogueSteps));

  // A step: a vector of channels by four places; nine places are three steps.
  const auto step = [&](std::int32_t channels, std::int32_t stride) {
    const double each = (probe.depthwise_cycles(kSize, channels, stride) / kPixels - costs.pixel) /
                        (static_cast<double>(channels) / lanes);
    return at_least_nothing((each - kEpilogueSteps) / 3);
  };
  costs.pair_places = step(4 * kBlock, 1);
  costs.places = step(4 * kBlock, 2);

  // Two widths tell a window's own cost from that of its vectors.
  constexpr std::int32_t kPlaces = 3 * 3, kNarrow = 64, kWide = 320;
  const auto pool = [&](isa::PoolKind kind, std::int32_t channels) {
    return probe.pool_cycles(kind, kSize, channels, 3) / kPixels;
  };
  const double byte_lanes = 4 * lanes;
  const double narrow = pool(isa::PoolKind::kMax, kNarrow), wide = pool(isa::PoolKind::kMax, kWide);
  const double vector = at_least_nothing(wide - narrow) / ((kWide - kNarrow) / byte_lanes);
  costs.max_place = vector / kPlaces;
  costs.window = at_least_nothing(narrow - vector * kNarrow / byte_lanes);
  costs.average_place =
      at_least_nothing(pool(isa::PoolKind::kAverage, kNarrow) - costs.window) / (kNarrow / lanes * kPlaces);
  return costs;
}

}  // namespace chengying::cli
