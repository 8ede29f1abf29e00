#include "timing/kernel_work.h"

#include "base/check.h"
#include "timing/cycles.h"

namespace chengying::timing {
namespace {

constexpr std::uint64_t kPlacesOfAStep = 4;   // that one multiply-accumulate of a depthwise kernel takes
constexpr std::uint64_t kVectorsOfATile = 4;  // of channels: only whole tiles of them go in pairs of pixels

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::uint64_t cycles_of(std::uint64_t count, double each) {
  return round_up(static_cast<double>(count) * each);
}

std::uint64_t places_of(const isa::Window& window) {
  return unsigned_of(window.kernel_h) * unsigned_of(window.kernel_w);
}

/// Two neighbouring pixels of it share what is loaded.
bool goes_in_pairs(const isa::Window& w) {
  return w.kernel_h == 3 && w.kernel_w == 3 && w.stride_w == 1 && w.dilation_w == 1;
}

/// Whether neighbours of the innermost dimension do not lie side by side.
bool is_scattered(const isa::View& view) {
  return view.shape[3] > 1 && view.stride[3] != static_cast<std::int64_t>(size_of(view.dtype));
}

}  // namespace

std::uint64_t kernel_pixel_cycles(const isa::KernelCosts& costs, std::uint64_t pixels) {
  return cycles_of(pixels, costs.pixel);
}

std::uint64_t kernel_depthwise_cycles(const isa::DepthwiseConv& op, const isa::ChipSpec& chip) {
  CHECK(chip.kernels && chip.tensor.u8);
  const std::uint64_t channels = unsigned_of(op.output.shape[3]);
  const std::uint64_t vectors = ceil_div(channels, unsigned_of(chip.tensor.u8->columns));
  const std::uint64_t paired = goes_in_pairs(op.window) ? vectors / kVectorsOfATile * kVectorsOfATile : 0;
  const std::uint64_t steps =
      multiply(unsigned_of(op.output.elements()) / channels, ceil_div(places_of(op.window), kPlacesOfAStep));
  return add(cycles_of(multiply(steps, paired), chip.kernels->pair_places),
             cycles_of(multiply(steps, vectors - paired), chip.kernels->places));
}

std::uint64_t kernel_pool_cycles(const isa::Pool& op, const isa::ChipSpec& chip) {
  CHECK(chip.kernels.has_value());
  const bool bytes =
      op.kind == isa::PoolKind::kMax && op.input.dtype == DType::kU8 && chip.vector.u8_lanes > 0;
  const std::int64_t lanes =
      bytes || chip.vector.f32_lanes == 0 ? chip.vector.u8_lanes : chip.vector.f32_lanes;
  const std::uint64_t channels = unsigned_of(op.output.shape[3]);
  const std::uint64_t windows = unsigned_of(op.output.elements()) / channels;
  const std::uint64_t places =
      multiply(multiply(windows, ceil_div(channels, unsigned_of(lanes))), places_of(op.window));
  return add(cycles_of(windows, chip.kernels->window),
             cycles_of(places, bytes ? chip.kernels->max_place : chip.kernels->average_place));
}

std::uint64_t kernel_lut_cycles(const isa::Lut& op, const isa::KernelCosts& costs) {
  return cycles_of(unsigned_of(op.output.elements()), costs.looked_up);
}

std::uint64_t kernel_copy_cycles(const isa::Copy& op, const isa::KernelCosts& costs) {
  if (!is_scattered(op.source) && !is_scattered(op.destination)) return 0;
  return cycles_of(unsigned_of(op.destination.elements()), costs.moved_element);
}

}  // namespace chengying::timing
