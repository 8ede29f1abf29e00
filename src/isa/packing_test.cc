#include "isa/packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace chengying::isa {
namespace {

TEST(Packing, ConvWeightsLieInBlocksOf16ChannelsAndGroupsOf4) {
  const ConvWeightShape shape{.k = 17, .kernel_h = 2, .kernel_w = 3, .c = 5};
  std::vector<std::int8_t> natural(17 * 2 * 3 * 5);
  for (std::size_t i = 0; i < natural.size(); ++i) natural[i] = static_cast<std::int8_t>(i % 120 + 1);
  const std::vector<std::int8_t> packed = pack_conv_i8(natural, shape);
  ASSERT_EQ(packed.size(), packed_conv_i8_bytes(shape));
  ASSERT_EQ(packed.size(), 2U * 2 * 3 * 2 * 16 * 4);
  // Channel 16, row 1, column 2, input channel 4: block 1, ..., group 1, lane 0, byte 0.
  EXPECT_EQ(packed[((((1 * 2 + 1) * 3 + 2) * 2 + 1) * 16 + 0) * 4 + 0],
            natural[((16 * 2 + 1) * 3 + 2) * 5 + 4]);
  EXPECT_EQ(std::ranges::count_if(packed, [](std::int8_t w) { return w != 0; }),
            static_cast<std::ptrdiff_t>(natural.size()));
}

TEST(Packing, EveryNaturalWeightIsFoundAtItsIndex) {
  const ConvWeightShape shape{.k = 33, .kernel_h = 3, .kernel_w = 2, .c = 7};
  std::vector<float> natural(33 * 3 * 2 * 7);
  std::iota(natural.begin(), natural.end(), 1.0F);
  const std::vector<float> packed = pack_conv_f32(natural, shape);
  ASSERT_EQ(packed.size() * sizeof(float), packed_conv_f32_bytes(shape));
  std::size_t i = 0;
  for (int k = 0; k < 33; ++k) {
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 2; ++column) {
        for (int c = 0; c < 7; ++c) EXPECT_EQ(packed[conv_f32_index(shape, k, row, column, c)], natural[i++]);
      }
    }
  }
}

TEST(Packing, DepthwiseWeightsGroupThePlacesOfTheWindow) {
  std::vector<std::int8_t> natural(18 * 9);
  for (std::size_t i = 0; i < natural.size(); ++i) natural[i] = static_cast<std::int8_t>(i % 100 + 1);
  const std::vector<std::int8_t> packed = pack_depthwise_i8(natural, 18, 9);
  ASSERT_EQ(packed.size(), 2U * 3 * 16 * 4);
  EXPECT_EQ(packed[((1 * 3 + 2) * 16 + 1) * 4 + 0], natural[17 * 9 + 8]);
  std::vector<float> natural_f32(18 * 9);
  std::iota(natural_f32.begin(), natural_f32.end(), 1.0F);
  const std::vector<float> packed_f32 = pack_depthwise_f32(natural_f32, 18, 9);
  ASSERT_EQ(packed_f32.size(), 2U * 9 * 16);
  EXPECT_EQ(packed_f32[(1 * 9 + 8) * 16 + 1], natural_f32[17 * 9 + 8]);
}

TEST(Packing, of_weights_of_few_bits_gives_each_back) {
  constexpr std::int32_t kN = 19, kK = 24;
  for (const std::int32_t bits : {4, 8}) {
    const std::int32_t offset = grouped_offset(bits);
    std::vector<std::int8_t> weights;
    for (std::int32_t i = 0; i < kN * kK; ++i)
      weights.push_back(static_cast<std::int8_t>(i * 7 % (2 * offset) - offset));
    const std::vector<std::byte> packed = pack_grouped(weights, kN, kK, bits);
    ASSERT_EQ(packed.size(), packed_grouped_bytes(kN, kK, bits));
    ASSERT_EQ(packed.size(), static_cast<std::size_t>(32 * kK * bits / 8));
    for (std::int32_t n = 0; n < kN; ++n) {
      for (std::int32_t k = 0; k < kK; ++k)
        ASSERT_EQ(grouped_weight(packed.data(), bits, kK, n, k) - offset,
                  weights[static_cast<std::size_t>(n * kK + k)]);
    }
    EXPECT_EQ(grouped_weight(packed.data(), bits, kK, kN, 0), offset);  // what is missing is 0
  }
}

}  // namespace
}  // namespace chengying::isa
