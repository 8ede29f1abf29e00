// f32 convolution and depthwise convolutions over a lane set S. A tile is some pixels by some vectors of
// output channels, all sums in registers; f32 sums are one chain of fused multiply-adds each, in the order of
// the weights.
#pragma once

#include <algorithm>

#include "chip/kernels/conv_plan.h"
#include "chip/kernels/conv_u8_job.h"
#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "chip/kernels/unrolled.h"
#include "isa/packing.h"
#include "reference/execute.h"

namespace chengying::chip {

template <class S>
struct Convolving {
  using F = typename S::F;
  using I = typename S::I;
  using L = exact::Lanes<F>;
  static constexpr int kPixels = 6;
  static constexpr int kWidth = S::kWidth;

  struct F32Job {
    ConvPlan plan;
    const std::byte* weights = nullptr;
    const std::byte* init = nullptr;
    std::int64_t block_bytes = 0;  // packed weights of 16 output channels
    std::int64_t channels = 0;
    float low = 0, high = 0;
    bool has_residual = false;
  };

  static void finish_f32(const F32Job& job, const Pixel& pixel, std::int64_t channel, F sum) {
    const std::int64_t left = job.channels - channel;
    F t = sum;
    if (job.has_residual) t = t + load_floats<S>(pixel.residual + 4 * channel, 4, left);
    t = exact::clamp<F>(t, L::set(job.low), L::set(job.high));
    store_floats<S>(pixel.out + 4 * channel, 4, left, t);
  }

  /// P pixels by V vectors of channels from `channel` on.
  template <int P, int V>
  static void tile_f32(const F32Job& job, const Pixel* pixels, std::int64_t channel) {
    F sums[P][V];
    const std::byte* weights[V];
    unrolled<V>([&](auto v) CHENGYING_INLINE {
      const std::int64_t at = channel + v * kWidth;
      const F first = S::load(job.init + 4 * at);
      weights[v] = job.weights + at / 16 * job.block_bytes + at % 16 * 4;
      unrolled<P>([&](auto p) CHENGYING_INLINE { sums[p][v] = first; });
    });
    const std::byte* rows[P];
    unrolled<P>([&](auto p) CHENGYING_INLINE { rows[p] = pixels[p].in; });
    std::int64_t step = 0;
    for (std::int32_t run = 0; run < job.plan.runs; ++run) {
      std::int64_t at = job.plan.run_offsets[run];
      const std::int64_t end = at + 4 * std::int64_t{job.plan.run_elements};
      for (; at < end; at += 4, step += 64) {
        F w[V];
        unrolled<V>([&](auto v) CHENGYING_INLINE { w[v] = S::load(weights[v] + step); });
        unrolled<P>([&](auto p) CHENGYING_INLINE {
          float x;
          __builtin_memcpy(&x, rows[p] + at, sizeof x);
          const F lanes = L::set(x);
          unrolled<V>([&](auto v) CHENGYING_INLINE { sums[p][v] = L::fma(lanes, w[v], sums[p][v]); });
        });
      }
    }
    F done[P][V];  // kept apart from the loop's sums, which stay in registers
    unrolled<P>([&](auto p) CHENGYING_INLINE {
      unrolled<V>([&](auto v) CHENGYING_INLINE { done[p][v] = sums[p][v]; });
    });
    for (int p = 0; p < P; ++p) {
      for (int v = 0; v < V; ++v) {
        if (channel + v * kWidth < job.channels) finish_f32(job, pixels[p], channel + v * kWidth, done[p][v]);
      }
    }
  }

  using F32Tile = void (*)(const F32Job&, const Pixel*, std::int64_t);
  template <int V>
  static F32Tile f32_tile(std::int64_t pixels) {
    static constexpr F32Tile kTiles[kPixels] = {tile_f32<1, V>, tile_f32<2, V>, tile_f32<3, V>,
                                                tile_f32<4, V>, tile_f32<5, V>, tile_f32<6, V>};
    return kTiles[pixels - 1];
  }

  static void conv_f32(const isa::Conv& op, const Operands& at) {
    if (!has_plain_residual(op.epilogue)) return reference::conv(op, at);
    const std::int32_t c = op.input.shape[3];
    F32Job job;
    job.plan = plan_conv(op.input, op.output, op.window, at.input, 0,
                         {.pixel_elements = static_cast<std::size_t>(c), .element_bytes = 4});
    job.weights = at.weights;
    job.init = at.init;
    job.block_bytes = std::int64_t{op.window.kernel_h} * op.window.kernel_w * c * 64;
    job.channels = op.output.shape[3];
    job.low = op.epilogue.low;
    job.high = op.epilogue.high;
    job.has_residual = op.epilogue.residual.has_value();
    // A panel of weights stays in the cache while up to 1024 pixels pass.
    const std::int64_t all = std::int64_t{op.output.shape[0]} * op.output.shape[1] * op.output.shape[2];
    constexpr std::int64_t kGroup = 1024;
    auto* pixels = reinterpret_cast<Pixel*>(
        scratch(ScratchSlot::kPixels, static_cast<std::size_t>(all < kGroup ? all : kGroup) * sizeof(Pixel)));
    PixelWalk walk(job.plan, op.output, op.epilogue, at);
    const std::int64_t padded = (job.channels + 15) / 16 * 16;
    for (std::int64_t done = 0; done < all; done += kGroup) {
      const std::int64_t count = all - done < kGroup ? all - done : kGroup;
      walk.take(pixels, count);
      std::int64_t channel = 0;
      for (; channel + S::kTileVectors * kWidth <= padded; channel += S::kTileVectors * kWidth) {
        panel_f32<S::kTileVectors>(job, pixels, count, channel);
      }
      for (; channel < padded; channel += kWidth) panel_f32<1>(job, pixels, count, channel);
    }
  }

  template <int V>
  static void panel_f32(const F32Job& job, const Pixel* pixels, std::int64_t count, std::int64_t channel) {
    const std::int64_t pieces = (count + kPixels - 1) / kPixels;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t from = count * piece / pieces, to = count * (piece + 1) / pieces;
      f32_tile<V>(to - from)(job, pixels + from, channel);
    }
  }

  /// The epilogue of one vector of u8 outputs, as far as their numbers 0..255.
  static I finish_u8(const ConvU8Job& job, I sum, F scale, const std::byte* residual, std::int64_t left) {
    F t = L::to_float(sum) * scale;
    if (job.has_inner) {
      t = exact::clamp<F>(t, L::set(job.inner_low), L::set(job.inner_high));
      t = L::to_float(S::round(t)) * L::set(job.inner_rescale);
    }
    if (job.has_residual) {
      const F r = L::to_float(load_u8s<S>(residual, 1, left)) - L::set(job.residual_zero_point);
      t = L::fma(r, L::set(job.residual_scale), t);
    }
    t = exact::clamp<F>(t, L::set(job.low), L::set(job.high));
    return S::round(t) + L::set_int(job.output_zero_point);
  }

  /// Finishes and stores the sums of up to kWidth channels from `channel` on, `left` of them.
  static void finish(const ConvU8Job& job, const Pixel& pixel, std::int64_t channel, I sum, F scale,
                     std::int64_t left) {
    const std::int64_t offset = job.is_real ? 4 * channel : channel;
    const std::byte* residual = job.has_residual ? pixel.residual + offset : nullptr;
    if (!job.is_real)
      return store_u8s<S>(pixel.out + offset, 1, left, finish_u8(job, sum, scale, residual, left));
    F t = L::to_float(sum) * scale;
    if (job.has_residual) t = t + load_floats<S>(residual, 4, left);
    store_floats<S>(pixel.out + offset, 4, left, exact::clamp<F>(t, L::set(job.low), L::set(job.high)));
  }

  static void depthwise(const isa::DepthwiseConv& op, const Operands& at) {
    const bool is_f32 = op.input.dtype == DType::kF32;
    if (!has_plain_residual(op.epilogue)) return reference::depthwise_conv(op, at);
    const std::int64_t c = op.input.shape[3];
    const ConvPlan plan =
        plan_conv(op.input, op.output, op.window, at.input, is_f32 ? std::uint8_t{0} : op.pad_value,
                  {.pixel_elements = static_cast<std::size_t>(c),
                   .element_bytes = is_f32 ? 4U : 1U,
                   .join_columns = false});
    PixelWalk walk(plan, op.output, op.epilogue, at);
    const std::int64_t all = std::int64_t{op.output.shape[0]} * op.output.shape[1] * op.output.shape[2];
    ConvU8Job job;
    if (!is_f32) {
      job.plan = plan;
      job.weights = pairs_of(at.weights, plan.runs, c);
      job.init = reinterpret_cast<const std::int32_t*>(at.init);
      job.scale = reinterpret_cast<const float*>(at.scale);
      job.channels = static_cast<std::int32_t>(c);
      set_epilogue(job, op.epilogue, op.output.dtype);
    }
    Pixel pixels[4];
    for (std::int64_t done = 0; done < all; done += 4) {
      const std::int64_t count = all - done < 4 ? all - done : 4;
      walk.take(pixels, count);
      for (std::int64_t p = count; p < 4; ++p) pixels[p] = pixels[0];  // the same bytes once more
      if (is_f32) {
        depthwise_f32(op, at, plan, pixels, c);
      } else {
        depthwise_u8(job, pixels, c);
      }
    }
  }

  /// body(channel, channels left) for each vector of channels; whole vectors get their width as a constant.
  template <class Body>
  static void for_each_vector(std::int64_t channels, Body body) {
    std::int64_t channel = 0;
    for (; channel + kWidth <= channels; channel += kWidth) {
      body(channel, std::integral_constant<std::int64_t, kWidth>{});
    }
    if (channel < channels) body(channel, channels - channel);
  }

  static void depthwise_f32(const isa::DepthwiseConv& op, const Operands& at, const ConvPlan& plan,
                            const Pixel* pixels, std::int64_t c) {
    const F low = L::set(op.epilogue.low), high = L::set(op.epilogue.high);
    for_each_vector(c, [&](std::int64_t channel, auto left) CHENGYING_INLINE {
      const std::byte* weights = at.weights + channel / 16 * plan.runs * 64 + channel % 16 * 4;
      F sums[4];
      for (F& sum : sums) sum = S::load(at.init + 4 * channel);
      for (std::int32_t run = 0; run < plan.runs; ++run) {
        const F w = S::load(weights + run * 64);
        unrolled<4>([&](auto p) CHENGYING_INLINE {
          const F x = load_floats<S>(pixels[p].in + plan.run_offsets[run] + 4 * channel, 4, left);
          sums[p] = L::fma(x, w, sums[p]);
        });
      }
      unrolled<4>([&](auto p) CHENGYING_INLINE {
        F t = sums[p];
        if (op.epilogue.residual) t = t + load_floats<S>(pixels[p].residual + 4 * channel, 4, left);
        store_floats<S>(pixels[p].out + 4 * channel, 4, left, exact::clamp<F>(t, low, high));
      });
    });
  }

  /// Two places of the window at a time: x0 w0 + x1 w1 of each channel is one multiplication of pairs of i16.
  static void depthwise_u8(const ConvU8Job& job, const Pixel* pixels, std::int64_t c) {
    const std::int32_t pairs = (job.plan.runs + 1) / 2;
    for_each_vector(c, [&](std::int64_t channel, auto left) CHENGYING_INLINE {
      const std::byte* weights = job.weights + channel / 16 * pairs * 64 + channel % 16 * 4;
      I sums[4];
      for (I& sum : sums) sum = S::load_int(reinterpret_cast<const std::byte*>(job.init + channel));
      for (std::int32_t pair = 0; pair < pairs; ++pair) {
        const I w = S::load_int(weights + pair * 64);
        const std::int64_t first = job.plan.run_offsets[2 * pair];
        const std::int64_t second = 2 * pair + 1 < job.plan.runs ? job.plan.run_offsets[2 * pair + 1] : first;
        unrolled<4>([&](auto p) CHENGYING_INLINE {
          const std::byte* in = pixels[p].in + channel;
          const I x = load_u8s<S>(in + first, 1, left) | load_u8s<S>(in + second, 1, left) << 16;
          sums[p] = add(sums[p], S::multiply_pairs(x, w));
        });
      }
      const F scale = S::load(reinterpret_cast<const std::byte*>(job.scale + channel));
      unrolled<4>([&](auto p) CHENGYING_INLINE { finish(job, pixels[p], channel, sums[p], scale, left); });
    });
  }

  /// Modulo 2^32.
  static I add(I a, I b) {
    using U = typename S::U;
    return reinterpret_cast<I>(reinterpret_cast<U>(a) + reinterpret_cast<U>(b));
  }

  /// Depthwise weights as [c / 16][pairs of places][16] pairs of i16, in this thread's scratch.
  static const std::byte* pairs_of(const std::byte* packed, std::int32_t places, std::int64_t c) {
    const std::int64_t blocks = (c + 15) / 16, groups = (places + 3) / 4, pairs = (places + 1) / 2;
    std::byte* out = scratch(ScratchSlot::kWorking, static_cast<std::size_t>(blocks * pairs * 64));
    for (std::int64_t block = 0; block < blocks; ++block) {
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const std::byte* from = packed + (block * groups + pair / 2) * 64 + pair % 2 * 2;
        for (std::int64_t lane = 0; lane < 16; ++lane) {
          std::int8_t w[2];
          std::memcpy(w, from + 4 * lane, 2);
          const std::int16_t wide[2] = {w[0], w[1]};
          std::memcpy(out + (block * pairs + pair) * 64 + 4 * lane, wide, 4);
        }
      }
    }
    return out;
  }
};

}  // namespace chengying::chip
