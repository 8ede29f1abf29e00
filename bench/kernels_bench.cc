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
#include <vector>

#include "chip/kernels/kernels.h"
#include "conv_layer.h"
#include "least_seconds.h"
#include "peak.h"
#include "tensor/tensor.h"

namespace chengying {
namespace {

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
  for (const ConvShape& s : kResNet50) {
    if (s.count == 0) continue;
    Layer layer(s);
    const double seconds = least_seconds(60, [&] { kernels.conv(layer.op, layer.operands); });
    sum += seconds * s.count;
    ideal += peak > 0 ? macs_of(s) * s.count / peak : 0;
    fmt::print("{:<16}{:>6}{:>10.1f}{:>10.1f}{:>8.1f}%\n", s.name, s.count, seconds * 1e6,
               2e-9 * macs_of(s) / seconds, peak > 0 ? 100 * macs_of(s) / peak / seconds : 0.0);
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
