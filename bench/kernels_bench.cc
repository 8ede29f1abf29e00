// The convolutions of ResNet-50 (v1, int8, batch 1), one by one and in a row, on one thread, beside what the
// multipliers of this machine can do: a loop of nothing but vpdpbusd on registers, measured in the same run.
// The table of shapes is the public topology's. Prints, for each shape: time, Gop/s (two a
// multiply-accumulate), share of that peak.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "chip/kernels/kernels.h"
#include "isa/packing.h"
#include "least_seconds.h"
#include "tensor/tensor.h"

namespace chengying {
namespace {

struct Shape {
  const char* name;
  std::int32_t c, size_in, k, size_out, kernel, stride, count;
  bool residual;
};

constexpr std::array<Shape, 24> kResNet50 = {{
    {"conv1 7x7/2", 3, 224, 64, 112, 7, 2, 1, false},
    {"conv2_1 1x1a", 64, 56, 64, 56, 1, 1, 1, false},
    {"conv2 3x3b", 64, 56, 64, 56, 3, 1, 3, false},
    {"conv2 1x1c", 64, 56, 256, 56, 1, 1, 3, true},
    {"conv2_1 proj", 64, 56, 256, 56, 1, 1, 1, false},
    {"conv2_x 1x1a", 256, 56, 64, 56, 1, 1, 2, false},
    {"conv3_1 1x1a/2", 256, 56, 128, 28, 1, 2, 1, false},
    {"conv3 3x3b", 128, 28, 128, 28, 3, 1, 4, false},
    {"conv3 1x1c", 128, 28, 512, 28, 1, 1, 4, true},
    {"conv3_1 proj/2", 256, 56, 512, 28, 1, 2, 1, false},
    {"conv3_x 1x1a", 512, 28, 128, 28, 1, 1, 3, false},
    {"conv4_1 1x1a/2", 512, 28, 256, 14, 1, 2, 1, false},
    {"conv4 3x3b", 256, 14, 256, 14, 3, 1, 6, false},
    {"conv4 1x1c", 256, 14, 1024, 14, 1, 1, 6, true},
    {"conv4_1 proj/2", 512, 28, 1024, 14, 1, 2, 1, false},
    {"conv4_x 1x1a", 1024, 14, 256, 14, 1, 1, 5, false},
    {"conv5_1 1x1a/2", 1024, 14, 512, 7, 1, 2, 1, false},
    {"conv5 3x3b", 512, 7, 512, 7, 3, 1, 3, false},
    {"conv5 1x1c", 512, 7, 2048, 7, 1, 1, 3, true},
    {"conv5_1 proj/2", 1024, 14, 2048, 7, 1, 2, 1, false},
    {"conv5_x 1x1a", 2048, 7, 512, 7, 1, 1, 2, false},
    {"fc", 2048, 1, 1000, 1, 1, 1, 1, false},
    {"", 0, 0, 0, 0, 0, 0, 0, false},
    {"", 0, 0, 0, 0, 0, 0, 0, false},
}};

double macs(const Shape& s) {
  return 1.0 * s.size_out * s.size_out * s.k * s.c * s.kernel * s.kernel;
}

isa::View image(std::int32_t size, std::int32_t c, std::int32_t pixel_stride) {
  return {{},
          DType::kU8,
          {1, size, size, c},
          {std::int64_t{size} * size * pixel_stride, std::int64_t{size} * pixel_stride, pixel_stride, 1}};
}

/// One convolution with its own operands.
struct Layer {
  isa::Conv op;
  AlignedBytes input, output, weights, init, scale, residual;
  Operands operands;

  explicit Layer(const Shape& s) {
    std::minstd_rand random(1);
    const auto fill = [&](AlignedBytes& bytes) {
      for (std::byte& b : bytes.span()) b = static_cast<std::byte>(random() >> 8);
    };
    const std::int32_t pixel = (s.c + 3) / 4 * 4;
    op.input = image(s.size_in, s.c, pixel);
    op.output = image(s.size_out, s.k, s.k);
    op.window = {.kernel_h = s.kernel,
                 .kernel_w = s.kernel,
                 .stride_h = s.stride,
                 .stride_w = s.stride,
                 .pad_top = s.kernel / 2,
                 .pad_left = s.kernel / 2};
    op.epilogue.low = 0;
    if (s.residual) {
      op.epilogue.inner = isa::InnerQuantise{120, 0.7F};
      op.epilogue.residual = isa::Residual{op.output, 0.9F, 3};
    }
    input = AlignedBytes(static_cast<std::size_t>(s.size_in) * s.size_in * pixel + 64);
    output = AlignedBytes(static_cast<std::size_t>(s.size_out) * s.size_out * s.k);
    residual = AlignedBytes(output.size());
    weights = AlignedBytes(isa::packed_conv_i8_bytes({s.k, s.kernel, s.kernel, s.c}));
    const std::size_t padded_k = static_cast<std::size_t>((s.k + 15) / 16 * 16);
    init = AlignedBytes(padded_k * 4);
    scale = AlignedBytes(padded_k * 4);
    fill(input);
    fill(weights);
    fill(residual);
    std::fill_n(reinterpret_cast<float*>(scale.data()), padded_k, 1e-4F);
    operands = {.input = input.data(),
                .second = s.residual ? residual.data() : nullptr,
                .weights = weights.data(),
                .init = init.data(),
                .scale = scale.data(),
                .output = output.data()};
  }
};

/// Rounds of 8 independent vpdpbusd; assembly, so that no compiler improves on it.
[[gnu::noinline]] void multiply_only(long rounds) {
  asm volatile(
      "1:\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm0\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm1\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm2\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm3\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm4\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm5\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm6\n"
      "vpdpbusd %%zmm8, %%zmm9, %%zmm7\n"
      "dec %0\n"
      "jnz 1b\n"
      : "+r"(rounds)
      :
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "cc");
}

/// Multiply-accumulates a second of u8 x i8 on one core; 0 where there is no VNNI.
double peak_macs_per_second() {
  if (!chip::supported(chip::KernelSet::kAvx512)) return 0;
  constexpr long kRounds = 20000;
  const double seconds = least_seconds(200, [] { multiply_only(kRounds); });
  return 8.0 * kRounds * 64 / seconds;
}

/// Activations of a network live in a few buffers that are used again and again; only weights are each
/// layer's own.
void use_common_buffers(Layer& layer, std::array<AlignedBytes, 3>& common) {
  layer.operands.input = common[0].data();
  layer.operands.output = common[1].data();
  if (layer.operands.second != nullptr) layer.operands.second = common[2].data();
  layer.input = layer.output = layer.residual = AlignedBytes();
}

void print_table(const chip::Kernels& kernels) {
  const double peak = peak_macs_per_second();
  fmt::print("peak of this core: {:.1f} Gop/s u8 x i8\n", 2e-9 * peak);
  fmt::print("{:<16}{:>6}{:>10}{:>10}{:>9}\n", "shape", "count", "us", "Gop/s", "of peak");
  double sum = 0, ideal = 0;
  std::vector<std::unique_ptr<Layer>> network;
  std::array<AlignedBytes, 3> common = {AlignedBytes(1 << 20), AlignedBytes(1 << 20), AlignedBytes(1 << 20)};
  for (const Shape& s : kResNet50) {
    if (s.count == 0) continue;
    Layer layer(s);
    const double seconds = least_seconds(60, [&] { kernels.conv(layer.op, layer.operands); });
    sum += seconds * s.count;
    ideal += peak > 0 ? macs(s) * s.count / peak : 0;
    fmt::print("{:<16}{:>6}{:>10.1f}{:>10.1f}{:>8.1f}%\n", s.name, s.count, seconds * 1e6,
               2e-9 * macs(s) / seconds, peak > 0 ? 100 * macs(s) / peak / seconds : 0.0);
    for (int i = 0; i < s.count; ++i) {
      network.push_back(std::make_unique<Layer>(s));
      use_common_buffers(*network.back(), common);
    }
  }
  fmt::print("sum {:.3f} ms, multipliers alone {:.3f} ms, ratio {:.3f}\n", sum * 1e3, ideal * 1e3,
             sum / ideal);
  // Each layer's least time over several passes of the whole network: its weights come from L3 or memory each
  // time.
  std::vector<double> least(network.size(), 1e9);
  for (int pass = 0; pass < 20; ++pass) {
    for (std::size_t i = 0; i < network.size(); ++i) {
      const double seconds = least_seconds(1, [&] { kernels.conv(network[i]->op, network[i]->operands); });
      least[i] = std::min(least[i], seconds);
    }
  }
  const double in_a_row = std::accumulate(least.begin(), least.end(), 0.0);
  fmt::print("in a row, weights from L3 and memory: {:.3f} ms, ratio {:.3f}\n", in_a_row * 1e3,
             in_a_row / ideal);
}

}  // namespace
}  // namespace chengying

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  chengying::print_table(chengying::chip::kernels_of(chengying::chip::best_kernels()));
  return 0;
}
