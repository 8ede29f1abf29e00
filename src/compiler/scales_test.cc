#include "compiler/scales.h"

#include <gtest/gtest.h>

namespace chengying::compiler {
namespace {

TEST(Scales, AMultiplierIsAProductAndAQuotientOfFloats) {
  const float a = 0.1F, b = 0.3F, c = 0.7F;
  volatile float product = a * b;
  EXPECT_EQ(conv_multiplier(a, b, c), product / c);
  EXPECT_EQ(bound_in_steps(isa::kInfinity, a), isa::kInfinity);
  EXPECT_EQ(bound_in_steps(6.0F, 0.5F), 12.0F);
}

TEST(Scales, ABiasRoundsToEvenAndClampsToThirtyTwoBits) {
  EXPECT_EQ(bias_in_steps(2.5F, 1, 1), 2);
  EXPECT_EQ(bias_in_steps(-3.5F, 1, 1), -4);
  EXPECT_EQ(bias_in_steps(1e30F, 1, 1), 2147483647);
  EXPECT_EQ(bias_in_steps(-1e30F, 1, 1), -2147483647 - 1);
}

TEST(Scales, InitIsTheBiasLessTheZeroPointTimesTheWeights) {
  Tensor weights(DType::kI8, {2, 2, 1, 1});
  weights.as<std::int8_t>()[0] = 3;
  weights.as<std::int8_t>()[1] = -1;
  weights.as<std::int8_t>()[3] = 7;
  Tensor bias(DType::kI32, {2});
  bias.as<std::int32_t>()[0] = 100;
  const Quantisation scales{{1}, 0, 0};
  EXPECT_EQ(fold_init(weights, scales, &bias, 1, 10), (std::vector<std::int32_t>{80, -70}));
  EXPECT_EQ(fold_init(weights, scales, nullptr, 1, 0), (std::vector<std::int32_t>{0, 0}));
}

TEST(Scales, ATableOfNoFunctionBetweenEqualFormatsChangesNothing) {
  Value value;
  value.dtype = DType::kU8;
  value.quantisation = Quantisation{{0.25F}, 7, 0};
  const auto table = lut_of(nullptr, value, value);
  for (int i = 0; i < 256; ++i) EXPECT_EQ(table[i], i);
}

TEST(Scales, ATableShiftsI8ToU8ByHalfTheRange) {
  Value i8, u8;
  i8.dtype = DType::kI8;
  i8.quantisation = Quantisation{{0.5F}, -3, 0};
  u8.dtype = DType::kU8;
  u8.quantisation = Quantisation{{0.5F}, 125, 0};
  const auto table = lut_of(nullptr, i8, u8);
  EXPECT_EQ(table[0], 128);     // i8 0
  EXPECT_EQ(table[0x80], 0);    // i8 -128
  EXPECT_EQ(table[0x7f], 255);  // i8 127
}

TEST(Scales, ATableOfReluCutsBelowTheZeroPoint) {
  Value value;
  value.dtype = DType::kU8;
  value.quantisation = Quantisation{{0.25F}, 50, 0};
  const UnaryNode relu{isa::UnaryKind::kRelu};
  const auto table = lut_of(&relu, value, value);
  EXPECT_EQ(table[10], 50);
  EXPECT_EQ(table[90], 90);
}

}  // namespace
}  // namespace chengying::compiler
