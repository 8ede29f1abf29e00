// What loops of software cost: each kind on a chip with [kernels], and nothing of it on a chip without.
#include "timing/kernel_work.h"

#include <gtest/gtest.h>

#include "isa/testing.h"
#include "timing/engine_work.h"

namespace chengying::timing {
namespace {

isa::View pixels(std::int32_t h, std::int32_t w, std::int32_t c) {
  return isa::dense_view({}, DType::kU8, {1, h, w, c}, c);
}

// small_chip: u8 16 products x 16 columns x 4 rows a cycle; 64 lanes of u8, 16 of f32; 64 bytes a cycle.
isa::ChipSpec software_chip() {
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.kernels = isa::KernelCosts{.moved_element = 2,
                                  .looked_up = 1.5,
                                  .pixel = 7,
                                  .pair_places = 1.5,
                                  .places = 4,
                                  .window = 10,
                                  .max_place = 3,
                                  .average_place = 5};
  return chip;
}

std::uint64_t cycles(const isa::Operation& op, const isa::ChipSpec& chip) {
  return engine_work(op, chip).cycles;
}

TEST(KernelWork, OfACopyDependsOnTheOrderOfItsElements) {
  isa::Copy copy{pixels(1, 8, 16), pixels(1, 8, 16)};
  EXPECT_EQ(cycles(copy, software_chip()), 8 * 16 / 64u);
  copy.source.stride = {128, 128, 1, 8};
  EXPECT_EQ(cycles(copy, isa::testing::small_chip()), 8 * 16 / 64u);
  EXPECT_EQ(cycles(copy, software_chip()), 8 * 16 * 2u);
  std::swap(copy.source, copy.destination);
  EXPECT_EQ(cycles(copy, software_chip()), 8 * 16 * 2u);
}

TEST(KernelWork, OfALookUpIsOfEachElement) {
  const isa::Lut lut{.input = pixels(1, 1, 100), .output = pixels(1, 1, 100), .table = {}};
  EXPECT_EQ(cycles(lut, isa::testing::small_chip()), 2u);
  EXPECT_EQ(cycles(lut, software_chip()), 150u);
}

TEST(KernelWork, OfAConvolutionHasAPartForEachPixel) {
  isa::Conv conv;
  conv.input = pixels(5, 5, 16);
  conv.output = pixels(5, 5, 16);
  EXPECT_EQ(cycles(conv, software_chip()), cycles(conv, isa::testing::small_chip()) + 25 * 7);
}

TEST(KernelWork, OfADepthwiseConvolutionGoesInPairsWhereWholeTilesOfChannelsStrideByOne) {
  isa::DepthwiseConv conv;
  conv.window = {.kernel_h = 3, .kernel_w = 3};
  conv.output = pixels(2, 5, 80);
  conv.input = pixels(4, 7, 80);
  // 10 pixels, 3 steps of 4 places each; 4 vectors of 16 channels in pairs, one alone. 10 cycles to fill.
  EXPECT_EQ(cycles(conv, software_chip()), 30 * 4 * 3 / 2 + 30 * 4 + 10 * 7 + 10u);
  conv.window.stride_w = 2;
  EXPECT_EQ(cycles(conv, software_chip()), 30 * 5 * 4 + 10 * 7 + 10u);
}

TEST(KernelWork, OfAPoolIsOfItsWindowsAndTheirPlaces) {
  isa::Pool pool{.kind = isa::PoolKind::kMax,
                 .input = pixels(4, 4, 65),
                 .output = pixels(2, 2, 65),
                 .window = {.kernel_h = 3, .kernel_w = 3}};
  EXPECT_EQ(cycles(pool, software_chip()), 4 * (10 + 2 * 9 * 3u));  // 65 channels are two vectors of bytes
  pool.kind = isa::PoolKind::kAverage;
  EXPECT_EQ(cycles(pool, software_chip()), 4 * (10 + 5 * 9 * 5u));  // and five of sums
}

}  // namespace
}  // namespace chengying::timing
