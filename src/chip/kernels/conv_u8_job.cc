#include "chip/kernels/conv_u8_job.h"

#include <algorithm>
#include <array>

#include "chip/kernels/scratch.h"
#include "isa/packing.h"
#include "reference/execute.h"
#include "tensor/arithmetic.h"

namespace chengying::chip {
namespace {

constexpr std::int64_t kWeightsToKeep = 256 << 10;  // bytes of weights that may stay in L2 beside all else
constexpr std::int64_t kPixelsToKeep = 1024;  // pixels over which a panel of weights is reused otherwise

constexpr std::int32_t kWindowsMost = 16;  // kinds of windows that tiles are kept apart for; a 3x3 has 9

/// One panel of up to `tiles.blocks` blocks over pixels[0..count), in tiles of even sizes.
void run_panel(const ConvU8Job& job, const ConvU8Tiles& tiles, const Pixel* pixels, std::int64_t count,
               std::int32_t channel) {
  const std::int32_t blocks_left = (job.channels - channel + isa::kChannelBlock - 1) / isa::kChannelBlock;
  const ConvU8Tile* by_pixels = tiles.tiles[std::min(tiles.blocks, blocks_left) - 1];
  const std::int64_t pieces = (count + tiles.pixels - 1) / tiles.pixels;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t from = count * piece / pieces, to = count * (piece + 1) / pieces;
    by_pixels[to - from - 1](job, pixels + from, channel);
  }
}

}  // namespace

bool has_plain_residual(const isa::Epilogue& e) {
  return !e.residual ||
         e.residual->view.stride[3] == static_cast<std::int64_t>(size_of(e.residual->view.dtype));
}

void set_epilogue(ConvU8Job& job, const isa::Epilogue& e, DType output) {
  job.is_real = output == DType::kF32;
  job.has_inner = e.inner.has_value();
  job.has_residual = e.residual.has_value();
  if (e.inner) {
    job.inner_low = static_cast<float>(-e.inner->zero_point);
    job.inner_high = static_cast<float>(255 - e.inner->zero_point);
    job.inner_rescale = e.inner->rescale;
  }
  if (e.residual) {
    job.residual_zero_point = static_cast<float>(e.residual->zero_point);
    job.residual_scale = e.residual->scale;
  }
  if (job.is_real) {
    job.low = e.low;
    job.high = e.high;
    return;
  }
  const float bottom = static_cast<float>(-e.output_zero_point),
              top = static_cast<float>(255 - e.output_zero_point);
  job.high = exact::clamp<float>(e.high, bottom, top);
  job.low = exact::at_most<float>(exact::clamp<float>(e.low, bottom, top), job.high);
  job.lowest = exact::requantise_u8(job.low, e.output_zero_point);
  job.output_zero_point = e.output_zero_point;
}

void run_conv_u8(const isa::Conv& op, const Operands& at, const ConvU8Tiles& tiles) {
  if (!has_plain_residual(op.epilogue)) return reference::conv(op, at);
  const std::int32_t c = op.input.shape[3];
  const std::size_t padded_c =
      static_cast<std::size_t>((c + isa::kReduceGroup - 1) / isa::kReduceGroup * isa::kReduceGroup);
  ConvU8Job job;
  job.plan = plan_conv(op.input, op.output, op.window, at.input, op.pad_value,
                       {.pixel_elements = padded_c, .widen = tiles.widen, .leave_out = tiles.leave_out});
  job.weights = at.weights;
  job.block_bytes = static_cast<std::int64_t>(
      isa::packed_conv_i8_bytes({isa::kChannelBlock, op.window.kernel_h, op.window.kernel_w, c}));
  job.init = reinterpret_cast<const std::int32_t*>(at.init);
  job.scale = reinterpret_cast<const float*>(at.scale);
  job.channels = op.output.shape[3];
  set_epilogue(job, op.epilogue, op.output.dtype);

  // Few weights: they stay in the cache, and each tile of pixels meets all of them. Many: a panel of them
  // stays and meets many pixels.
  const std::int64_t all = std::int64_t{op.output.shape[0]} * op.output.shape[1] * op.output.shape[2];
  const std::int64_t blocks = (job.channels + isa::kChannelBlock - 1) / isa::kChannelBlock;
  const std::int64_t group = blocks * job.block_bytes <= kWeightsToKeep ? tiles.pixels : kPixelsToKeep;
  auto* pixels = reinterpret_cast<Pixel*>(
      scratch(ScratchSlot::kPixels, static_cast<std::size_t>(std::min(group, all)) * sizeof(Pixel)));
  PixelWalk walk(job.plan, op.output, op.epilogue, at);
  for (std::int64_t done = 0; done < all; done += group) {
    const std::int64_t count = std::min(group, all - done);
    walk.take(pixels, count);
    std::array<std::int64_t, kWindowsMost> ends{count};
    const bool several = job.plan.rows != nullptr && count > tiles.pixels;
    const std::int32_t groups = several ? group_by_window(pixels, count, ends.data(), kWindowsMost) : 1;
    for (std::int32_t channel = 0; channel < job.channels; channel += tiles.blocks * isa::kChannelBlock) {
      for (std::int32_t g = 0; g < groups; ++g) {
        const std::int64_t from = g == 0 ? 0 : ends[static_cast<std::size_t>(g - 1)];
        run_panel(job, tiles, pixels + from, ends[static_cast<std::size_t>(g)] - from, channel);
      }
    }
  }
}

}  // namespace chengying::chip
