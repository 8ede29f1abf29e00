#include "reference/execute.h"
#include "reference/testing.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "isa/packing.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

using testing::bytes;

template <class T>
isa::View view_of(std::array<std::int32_t, 4> shape, DType dtype) {
  return isa::dense_view({}, dtype, shape, shape[3] * static_cast<std::int64_t>(sizeof(T)));
}

TEST(Reference, ConvAddsThePaddingsZeroPointAndRequantises) {
  // One channel, 2 x 2 image, 3 x 3 window of ones with padding 10 (the zero point): sums of (x - 10).
  const std::vector<std::uint8_t> input = {11, 12, 13, 14, 0, 0, 0, 0};
  const std::vector<std::int8_t> weights = isa::pack_conv_i8(std::vector<std::int8_t>(9, 1), {1, 3, 3, 1});
  std::vector<std::int32_t> init(16);
  init[0] = -90;
  const std::vector<float> scale(16, 0.5F);
  std::vector<std::uint8_t> output(4);
  isa::Conv op;
  op.input = view_of<std::uint8_t>({1, 2, 2, 1}, DType::kU8);
  op.output = op.input;
  op.window = {.kernel_h = 3, .kernel_w = 3, .pad_top = 1, .pad_left = 1};
  op.pad_value = 10;
  op.epilogue.output_zero_point = 100;
  execute(op, {.input = bytes(input),
               .weights = bytes(weights),
               .init = bytes(init),
               .scale = bytes(scale),
               .output = bytes(output)});
  EXPECT_EQ(output, std::vector<std::uint8_t>(4, 105));  // (1 + 2 + 3 + 4) / 2 + 100
}

TEST(Reference, ConvRoundsThroughTheInnerQuantiserBeforeTheResidual) {
  const std::vector<std::uint8_t> input = {3, 0, 0, 0}, residual = {7};
  const std::vector<std::int8_t> weights = isa::pack_conv_i8(std::vector<std::int8_t>{5}, {1, 1, 1, 1});
  const std::vector<std::int32_t> init(16);
  const std::vector<float> scale(16, 0.1F);
  std::vector<std::uint8_t> output(1);
  isa::Conv op;
  op.input = op.output = view_of<std::uint8_t>({1, 1, 1, 1}, DType::kU8);
  op.epilogue.inner = isa::InnerQuantise{.zero_point = 1, .rescale = 10};
  op.epilogue.residual = isa::Residual{op.output, 2, 3};
  execute(op, {.input = bytes(input),
               .second = bytes(residual),
               .weights = bytes(weights),
               .init = bytes(init),
               .scale = bytes(scale),
               .output = bytes(output)});
  EXPECT_EQ(output[0], 28);  // rne(1.5) = 2; 2 * 10 + (7 - 3) * 2
}

TEST(Reference, AConvolutionOfBytesToFloatsStoresItsScaledSum) {
  const std::vector<std::uint8_t> input = {200, 3, 0, 0};
  const std::vector<std::int8_t> weights = isa::pack_conv_i8(std::vector<std::int8_t>{2, -1}, {1, 1, 1, 2});
  const std::vector<std::int32_t> init(16, 10);
  const std::vector<float> scale(16, 0.125F), residual = {1000};
  std::vector<float> output(1);
  isa::Conv op;
  op.input = view_of<std::uint8_t>({1, 1, 1, 2}, DType::kU8);
  op.output = view_of<float>({1, 1, 1, 1}, DType::kF32);
  const Operands operands{.input = bytes(input),
                          .second = bytes(residual),
                          .weights = bytes(weights),
                          .init = bytes(init),
                          .scale = bytes(scale),
                          .output = bytes(output)};
  execute(op, operands);
  EXPECT_EQ(output[0], 50.875F);                          // (10 + 400 - 3) / 8
  op.epilogue.residual = isa::Residual{op.output, 7, 9};  // of f32: neither scaled nor shifted
  op.epilogue.high = 1000.5F;
  execute(op, operands);
  EXPECT_EQ(output[0], 1000.5F);
}

TEST(Reference, AveragePoolDividesByThePlacesInside) {
  const std::vector<std::uint8_t> input = {10, 20, 30, 40};
  std::vector<std::uint8_t> output(1);
  isa::Pool op;
  op.input = view_of<std::uint8_t>({1, 2, 2, 1}, DType::kU8);
  op.output = view_of<std::uint8_t>({1, 1, 1, 1}, DType::kU8);
  op.window = {.kernel_h = 2, .kernel_w = 2, .pad_top = 1, .pad_left = 0};
  op.kind = isa::PoolKind::kAverage;
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_EQ(output[0], 15);
  op.kind = isa::PoolKind::kAverageWithPad;
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_EQ(output[0], 8);  // 7.5 to even
  op.kind = isa::PoolKind::kMax;
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_EQ(output[0], 20);
}

TEST(Reference, AStoredNanIsTheOneNan) {
  const std::vector<float> input = {__builtin_bit_cast(float, 0xffc12345U), -1.0F};
  std::vector<float> output(2);
  isa::Unary op;
  op.input = op.output = view_of<float>({1, 1, 1, 2}, DType::kF32);
  op.kind = isa::UnaryKind::kLog;
  execute(op, {.input = bytes(input), .output = bytes(output)});
  for (const float y : output) EXPECT_EQ(__builtin_bit_cast(std::uint32_t, y), 0x7fc00000U);
}

TEST(Reference, ConvertQuantisesByDivisionAndClampsBetweenIntegers) {
  const std::vector<float> input = {0.5F, -300, std::numeric_limits<float>::quiet_NaN(), 1e9F};
  std::vector<std::uint8_t> output(4);
  isa::Convert op{view_of<float>({1, 1, 1, 4}, DType::kF32), view_of<std::uint8_t>({1, 1, 1, 4}, DType::kU8),
                  0.1F, 3};
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_EQ(output, (std::vector<std::uint8_t>{8, 0, 0, 255}));
  std::vector<std::int8_t> signed_output(4);
  op = {view_of<std::uint8_t>({1, 1, 1, 4}, DType::kU8), view_of<std::int8_t>({1, 1, 1, 4}, DType::kI8), 1,
        -128};
  execute(op, {.input = bytes(output), .output = bytes(signed_output)});
  EXPECT_EQ(signed_output, (std::vector<std::int8_t>{-120, -128, -128, 127}));
}

TEST(Reference, ConvertTakesWholeNumbersAndTruthValuesToAndFromF32) {
  const std::vector<float> input = {2.5F, -1e30F, std::numeric_limits<float>::quiet_NaN(), -0.25F};
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  std::vector<std::int64_t> whole(4);
  isa::Convert op{view_of<float>({1, 1, 1, 4}, DType::kF32), view_of<std::int64_t>({1, 1, 1, 4}, DType::kI64),
                  1, 0};
  execute(op, {.input = bytes(input), .output = bytes(whole)});
  EXPECT_EQ(whole, (std::vector<std::int64_t>{2, kLowest, kLowest, 0}));
  std::vector<std::uint8_t> truth(4);
  op.output = view_of<std::uint8_t>({1, 1, 1, 4}, DType::kBool);
  execute(op, {.input = bytes(input), .output = bytes(truth)});
  EXPECT_EQ(truth, (std::vector<std::uint8_t>{1, 1, 1, 1}));
  std::vector<float> real(4);
  op = {view_of<std::int64_t>({1, 1, 1, 4}, DType::kI64), view_of<float>({1, 1, 1, 4}, DType::kF32), 1, 0};
  execute(op, {.input = bytes(whole), .output = bytes(real)});
  EXPECT_EQ(real, (std::vector<float>{2, -0x1p63F, -0x1p63F, 0}));
}

TEST(Reference, SoftmaxSumsToOneAndIgnoresHowLargeItsInputsAre) {
  const std::vector<float> input = {1000, 1001, 1002};
  std::vector<float> output(3);
  isa::Softmax op;
  op.input = op.output = view_of<float>({1, 1, 1, 3}, DType::kF32);
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_FLOAT_EQ(output[0] + output[1] + output[2], 1);
  EXPECT_FLOAT_EQ(output[2], 0.66524096F);
}

TEST(Reference, ReduceGoesOverTheDimensionsThatBecomeOne) {
  const std::vector<float> input = {1, 2, 3, 4, 5, 6};
  std::vector<float> output(2);
  isa::Reduce op;
  op.kind = isa::ReduceKind::kMean;
  op.input = view_of<float>({1, 1, 3, 2}, DType::kF32);
  op.output = view_of<float>({1, 1, 1, 2}, DType::kF32);
  execute(op, {.input = bytes(input), .output = bytes(output)});
  EXPECT_EQ(output, (std::vector<float>{3, 4}));
}

}  // namespace
}  // namespace chengying::reference
