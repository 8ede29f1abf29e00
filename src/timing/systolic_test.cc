// The systolic array against SCALE-Sim v2's compute cycles (weight stationary), and weights that are fetched
// ahead.
#include <gtest/gtest.h>

#include <array>

#include "isa/testing.h"
#include "timing/engine_work.h"
#include "timing/timing.h"

namespace chengying::timing {
namespace {

using isa::testing::ProgramBuilder;
using isa::testing::small_chip;

/// A layer of SCALE-Sim's ResNet-50, whose convolutions have no padding and round their outputs up.
struct ScaleSimLayer {
  std::uint64_t times, image, kernel, channels, filters, stride;
  std::uint64_t m() const {
    const std::uint64_t side = (image - kernel + stride + stride - 1) / stride;
    return side * side;
  }
  std::uint64_t k() const { return kernel * kernel * channels; }
  std::uint64_t n() const { return filters; }
};

constexpr std::array kResNet50{
    ScaleSimLayer{1, 224, 7, 3, 64, 2},
    // conv2: the first block with its shortcut, then the others
    ScaleSimLayer{1, 56, 1, 64, 64, 1},
    ScaleSimLayer{3, 56, 3, 64, 64, 1},
    ScaleSimLayer{4, 56, 1, 64, 256, 1},
    ScaleSimLayer{2, 56, 1, 256, 64, 1},
    // conv3
    ScaleSimLayer{1, 56, 1, 256, 128, 2},
    ScaleSimLayer{4, 28, 3, 128, 128, 1},
    ScaleSimLayer{4, 28, 1, 128, 512, 1},
    ScaleSimLayer{1, 56, 1, 256, 512, 2},
    ScaleSimLayer{3, 28, 1, 512, 128, 1},
    // conv4
    ScaleSimLayer{1, 28, 1, 512, 256, 2},
    ScaleSimLayer{6, 14, 3, 256, 256, 1},
    ScaleSimLayer{6, 14, 1, 256, 1024, 1},
    ScaleSimLayer{1, 28, 1, 512, 1024, 2},
    ScaleSimLayer{5, 14, 1, 1024, 256, 1},
    // conv5
    ScaleSimLayer{1, 14, 1, 1024, 512, 2},
    ScaleSimLayer{3, 7, 3, 512, 512, 1},
    ScaleSimLayer{3, 7, 1, 512, 2048, 1},
    ScaleSimLayer{1, 14, 1, 1024, 2048, 2},
    ScaleSimLayer{2, 7, 1, 2048, 512, 1},
    // the dense layer
    ScaleSimLayer{1, 1, 1, 2048, 1000, 1},
};

isa::TensorEngine systolic(bool double_buffered) {
  isa::TensorEngine tensor;
  tensor.systolic = true;
  tensor.systolic_double_buffered = double_buffered;
  return tensor;
}

std::uint64_t cycles(const isa::MacArray& array, std::uint64_t m, std::uint64_t k, std::uint64_t n,
                     bool double_buffered = false) {
  return array_cycles(systolic(double_buffered), array, m, k, n).total;
}

std::uint64_t up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

TEST(Systolic, has_the_compute_cycles_of_scale_sim_on_every_layer_of_resnet50) {
  constexpr isa::MacArray array{128, 128, 1};
  std::uint64_t layers = 0, sum = 0;
  for (const ScaleSimLayer& layer : kResNet50) {
    const std::uint64_t found = cycles(array, layer.m(), layer.k(), layer.n());
    EXPECT_EQ(found, up(layer.k(), 128) * up(layer.n(), 128) * (2 * 128 + 128 + layer.m() - 2) - 1);
    layers += layer.times;
    sum += layer.times * found;
  }
  EXPECT_EQ(layers, 54u);
  EXPECT_EQ(sum, 876'832u);  // what SCALE-Sim v2 itself prints
}

TEST(Systolic, grows_at_the_first_element_over_a_tile) {
  constexpr isa::MacArray array{8, 4, 1};
  EXPECT_EQ(cycles(array, 10, 8, 4), 2 * 8 + 4 + 10 - 2 - 1u);
  EXPECT_EQ(cycles(array, 10, 9, 4), 2 * (2 * 8 + 4 + 10 - 2) - 1u);
  EXPECT_EQ(cycles(array, 10, 8, 5), 2 * (2 * 8 + 4 + 10 - 2) - 1u);
  EXPECT_EQ(cycles(array, 11, 8, 4), 2 * 8 + 4 + 11 - 2 - 1u);
  EXPECT_EQ(array_cycles(systolic(false), array, 10, 9, 5).active, 4 * 10u);
}

TEST(Systolic, of_two_sets_of_weights_shifts_in_while_it_streams) {
  constexpr isa::MacArray array{8, 4, 1};
  EXPECT_EQ(cycles(array, 10, 8, 4, true), cycles(array, 10, 8, 4));  // one tile: nothing to overlap with
  EXPECT_EQ(cycles(array, 10, 16, 4, true), cycles(array, 10, 8, 4) + 10u);  // hidden behind 10 pixels
  EXPECT_EQ(cycles(array, 3, 16, 4, true), cycles(array, 3, 8, 4) + 8u);     // 3 pixels wait for 8 rows
}

TEST(Systolic, of_one_multiplier_never_takes_no_time) {
  EXPECT_EQ(cycles({1, 1, 1}, 1, 1, 1), 1u);
}

/// A dense layer whose weights lie in DRAM, on a systolic chip.
isa::Program dense_layers(std::int32_t pixels, int count) {
  ProgramBuilder b(1);
  const isa::View in = b.sram(0, DType::kU8, {1, 1, pixels, 16}),
                  out = b.sram(0, DType::kU8, {1, 1, pixels, 16});
  for (int i = 0; i < count; ++i)
    b.add(b.conv_u8(i % 2 == 0 ? in : out, i % 2 == 0 ? out : in),
          i == 0 ? std::vector<std::uint32_t>{}
                 : std::vector<std::uint32_t>{static_cast<std::uint32_t>(i - 1)});
  b.constants_in_dram();
  return b.program();
}

isa::ChipSpec systolic_chip() {
  isa::ChipSpec chip = small_chip();
  chip.cores = 1;
  chip.tensor.systolic = true;
  chip.tensor.u8 = isa::MacArray{16, 16, 1};
  chip.memory.dram_bytes_per_second = 1e9;  // a byte a cycle
  chip.memory.dram_latency_seconds = 0;
  return chip;
}

// 16 x 16 weights, 16 x 4 bytes of init and of scale are 384 bytes, at a byte a cycle. The engine takes 10 +
// 5 cycles and 2 * 16 + 16 + 8 - 2 - 1 = 53.
TEST(Systolic, waits_for_weights_from_dram) {
  const Timing timing = walk(dense_layers(8, 2), systolic_chip(), 1);
  EXPECT_EQ(timing.instructions[0].end_cycle, 5 + 384u);
  EXPECT_EQ(timing.instructions[0].engine_cycles, 10 + 53u);
  EXPECT_EQ(timing.instructions[0].active_cycles, 8u);
  EXPECT_EQ(timing.instructions[0].stall_cycles(), 384 - 63u);
  EXPECT_EQ(timing.instructions[0].link, Limit::kDram);
  EXPECT_EQ(timing.cycles, 2 * (5 + 384u));
}

// The first layer's weights are there at 384, after 5 cycles of issue that the fetch did not wait for; the
// second's follow at once, as far as they may come early.
TEST(Systolic, fetches_weights_ahead_as_far_as_its_buffer_holds) {
  isa::ChipSpec chip = systolic_chip();
  const auto ends = [&](std::int64_t ahead) {
    chip.tensor.weights_ahead_bytes = ahead;
    const Timing timing = walk(dense_layers(340, 2), chip, 1);  // the engine takes 10 + 385 cycles
    return std::array{timing.instructions[0].end_cycle, timing.instructions[1].end_cycle};
  };
  EXPECT_EQ(ends(0), (std::array{400ul, 800ul}));
  chip.tensor.fill_cycles = 0;  // 385 cycles: now the 384 of the weights matter only where they start late
  chip.memory.dram_bytes_per_second = 0.5e9;
  EXPECT_EQ(ends(0), (std::array{5 + 768ul, 2 * (5 + 768ul)}));
  EXPECT_EQ(ends(2), (std::array{1 + 768ul, 1 + 768 + 1 + 768ul}));
  EXPECT_EQ(ends(384), (std::array{768ul, 2 * 768ul}));
}

TEST(Systolic, fetches_weights_in_whole_tiles) {
  isa::ChipSpec chip = systolic_chip();
  chip.tensor.u8 = isa::MacArray{64, 32, 1};  // the layer's 16 x 16 weights are a part of one tile
  const auto bytes = [&] { return walk(dense_layers(8, 1), chip, 1).dram_bytes; };
  EXPECT_EQ(bytes(), 16 * 16 + 2 * 64u);
  chip.tensor.weights_ahead_bytes = 4096;
  EXPECT_EQ(bytes(), 64 * 32 + 2 * 64u);
}

TEST(Systolic, fetches_nothing_ahead_of_the_launch) {
  isa::ChipSpec chip = systolic_chip();
  chip.tensor.weights_ahead_bytes = 1 << 20;
  chip.launch_seconds = 100e-9;
  EXPECT_EQ(walk(dense_layers(8, 1), chip, 1).cycles, 100 + 384u);
}

}  // namespace
}  // namespace chengying::timing
