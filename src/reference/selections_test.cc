// What comparisons, choices, look-ups and row operations mean, on cases that one can check by eye.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "isa/packing.h"
#include "reference/execute.h"
#include "reference/testing.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

using testing::bytes;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

isa::View dense(DType dtype, std::array<std::int32_t, 4> shape) {
  return isa::dense_view({}, dtype, shape, shape[3] * static_cast<std::int64_t>(size_of(dtype)));
}

TEST(Compare, OfANanHoldsOnlyNotEqual) {
  const std::vector<float> a = {kNaN, 1, -0.0F, 2}, b = {kNaN, 2, 0.0F, 1};
  const auto holds = [&](isa::CompareKind kind) {
    std::vector<std::uint8_t> out(4);
    const isa::View f32 = dense(DType::kF32, {1, 1, 1, 4});
    execute(isa::Compare{kind, f32, f32, dense(DType::kBool, {1, 1, 1, 4})},
            {.input = bytes(a), .second = bytes(b), .output = bytes(out)});
    return out;
  };
  using enum isa::CompareKind;
  EXPECT_EQ(holds(kEqual), (std::vector<std::uint8_t>{0, 0, 1, 0}));
  EXPECT_EQ(holds(kNotEqual), (std::vector<std::uint8_t>{1, 1, 0, 1}));
  EXPECT_EQ(holds(kLess), (std::vector<std::uint8_t>{0, 1, 0, 0}));
  EXPECT_EQ(holds(kLessOrEqual), (std::vector<std::uint8_t>{0, 1, 1, 0}));
}

TEST(Compare, TakesAnyByteButZeroAsTrue) {
  const std::vector<std::uint8_t> a = {0, 7, 2}, b = {0, 0, 255};
  std::vector<std::uint8_t> out(3);
  const isa::View u8 = dense(DType::kU8, {1, 1, 1, 3});
  const Operands at{.input = bytes(a), .second = bytes(b), .output = bytes(out)};
  execute(isa::Compare{isa::CompareKind::kAnd, u8, u8, u8}, at);
  EXPECT_EQ(out, (std::vector<std::uint8_t>{0, 0, 1}));
  execute(isa::Compare{isa::CompareKind::kXor, u8, u8, u8}, at);
  EXPECT_EQ(out, (std::vector<std::uint8_t>{0, 1, 0}));
}

TEST(Gather, CountsNegativeIndicesFromTheEndAndNotesTheFirstThatIsNone) {
  const std::vector<std::int32_t> data = {10, 20, 30};
  const std::vector<std::int64_t> indices = {2, -3, 3, -4, 1};
  std::vector<std::int32_t> out(5, -1);
  Fault fault;
  execute(isa::Gather{dense(DType::kI32, {1, 3, 1, 1}), dense(DType::kI64, {1, 5, 1, 1}),
                      dense(DType::kI32, {1, 5, 1, 1})},
          {.input = bytes(data), .second = bytes(indices), .output = bytes(out), .fault = &fault});
  EXPECT_EQ(out, (std::vector<std::int32_t>{30, 10, 0, 0, 20}));
  EXPECT_TRUE(fault.found);
  EXPECT_EQ(fault.number, 3);
  EXPECT_EQ(fault.rows, 3);
}

TEST(Scatter, LeavesOtherRowsAndLetsTheLastOfTwoStay) {
  const std::vector<float> updates = {1, 2, 3};
  const std::vector<std::int32_t> indices = {3, 0, 3};
  std::vector<float> out = {9, 9, 9, 9};
  execute(isa::Scatter{dense(DType::kF32, {1, 3, 1, 1}), dense(DType::kI32, {1, 3, 1, 1}),
                       dense(DType::kF32, {1, 4, 1, 1})},
          {.input = bytes(updates), .second = bytes(indices), .output = bytes(out)});
  EXPECT_EQ(out, (std::vector<float>{2, 9, 9, 3}));
}

TEST(TopK, PutsNansLastAndTheLowerOfTwoEqualNumbersFirst) {
  const std::vector<float> in = {kNaN, 3, 0.0F, -0.0F, 3, -5};
  std::vector<std::int32_t> out(6);
  isa::TopK op{dense(DType::kF32, {1, 1, 1, 6}), dense(DType::kI32, {1, 1, 1, 6})};
  execute(op, {.input = bytes(in), .output = bytes(out)});
  EXPECT_EQ(out, (std::vector<std::int32_t>{1, 4, 2, 3, 5, 0}));
  op.smallest = true;
  execute(op, {.input = bytes(in), .output = bytes(out)});
  EXPECT_EQ(out, (std::vector<std::int32_t>{5, 2, 3, 1, 4, 0}));
}

TEST(Sample, DrawsByTheShareOfEachAndCutsOffTheLeast) {
  const std::vector<float> logits = {0, 0, 0, 0};
  const auto drawn = [&](float u, float share) {
    const std::vector<float> choice = {u, 1, share};
    std::vector<std::int32_t> out(1, -1);
    execute(isa::Sample{dense(DType::kF32, {1, 1, 1, 4}), dense(DType::kF32, {1, 1, 1, 3}),
                        dense(DType::kI32, {1, 1, 1, 1})},
            {.input = bytes(logits), .second = bytes(choice), .output = bytes(out)});
    return out[0];
  };
  EXPECT_EQ(drawn(0, 1), 0);
  EXPECT_EQ(drawn(0.3F, 1), 1);
  EXPECT_EQ(drawn(0.99F, 1), 3);
  EXPECT_EQ(drawn(1, 1), 3);
  EXPECT_EQ(drawn(0.99F, 0.5F), 1);  // two of four are kept
  EXPECT_EQ(drawn(0.99F, 0), 0);     // one always is
  EXPECT_EQ(drawn(kNaN, kNaN), 0);
}

TEST(GroupedMatMul, QuantisesEachGroupByItself) {
  // Two groups of 8: the first of 127 and 1, the second a hundred times as large.
  std::vector<float> in(16);
  in[0] = 127, in[1] = 1, in[8] = 12700;
  std::vector<std::int8_t> weights(16);
  weights[0] = 2, weights[1] = -8, weights[8] = 1;
  const std::vector<std::byte> packed = isa::pack_grouped(weights, 1, 16, 4);
  std::vector<float> scale(32), init(16), out(1);
  scale[0] = 0.5F, scale[16] = 0.25F, init[0] = 1;
  isa::GroupedMatMul op;
  op.input = dense(DType::kF32, {1, 1, 1, 16});
  op.output = dense(DType::kF32, {1, 1, 1, 1});
  op.group = 8;
  execute(op, {.input = bytes(in),
               .weights = packed.data(),
               .init = bytes(init),
               .scale = bytes(scale),
               .output = bytes(out)});
  EXPECT_EQ(out[0], 1 + (254 - 8) * 0.5F + 127 * 100 * 0.25F);
}

TEST(Binary, OfWholeNumbersWrapsAndDropsFractions) {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  const std::vector<std::int32_t> a = {kLowest, -7, 7, 5}, b = {-1, 2, -2, 0};
  std::vector<std::int32_t> out(4);
  isa::Binary op;
  op.a = op.b = op.output = dense(DType::kI32, {1, 1, 1, 4});
  const Operands at{.input = bytes(a), .second = bytes(b), .output = bytes(out)};
  op.kind = isa::BinaryKind::kDiv;
  execute(op, at);
  EXPECT_EQ(out, (std::vector<std::int32_t>{kLowest, -3, -3, 0}));
  op.kind = isa::BinaryKind::kAdd;
  execute(op, at);
  EXPECT_EQ(out, (std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::max(), -5, 5, 5}));
}

TEST(Norm, CentresAndScalesEachRow) {
  const std::vector<float> in = {1, 3, 5, 7, 2, 2, 2, 2}, scale = {1, 1, 2, 2}, shift = {0, 0, 0, 10};
  std::vector<float> out(8);
  isa::Norm op;
  op.input = op.output = dense(DType::kF32, {1, 1, 2, 4});
  op.scale = op.shift = op.input;
  op.scale->stride[2] = op.shift->stride[2] = 0;
  const Operands at{.input = bytes(in), .second = bytes(scale), .third = bytes(shift), .output = bytes(out)};
  execute(op, at);
  const float step = 1 / std::sqrt(5.0F);
  EXPECT_EQ(out[0], -3 * step);
  EXPECT_EQ(out[2], 2 * step);
  EXPECT_TRUE(std::isnan(out[4]));  // no variance, and no epsilon
  op.kind = isa::NormKind::kRms;
  op.scale.reset();
  op.shift.reset();
  execute(op, at);
  EXPECT_EQ(std::vector<float>(out.begin() + 4, out.end()), (std::vector<float>{1, 1, 1, 1}));
}

TEST(Rotary, TurnsPairsByTheirAngle) {
  const std::vector<float> in = {1, 2, 3, 4}, cosine = {0, 1}, sine = {1, 0};
  std::vector<float> out(4);
  const isa::View row = dense(DType::kF32, {1, 1, 1, 4}), half = dense(DType::kF32, {1, 1, 1, 2});
  const Operands at{.input = bytes(in), .second = bytes(cosine), .third = bytes(sine), .output = bytes(out)};
  execute(isa::Rotary{row, half, half, row, false}, at);
  EXPECT_EQ(out, (std::vector<float>{-3, 2, 1, 4}));
  execute(isa::Rotary{row, half, half, row, true}, at);
  EXPECT_EQ(out, (std::vector<float>{-2, 1, 3, 4}));
}

TEST(Resize, SumsItsTapsAndTakesNothingFromOutside) {
  struct Tap {
    std::int32_t number;
    float weight;
  };
  const std::vector<std::uint8_t> in = {10, 20, 30, 40};  // 2 x 2
  const std::vector<Tap> rows = {{0, 0.5F}, {1, 0.5F}}, columns = {{0, 1}, {1, 1}, {7, 1}};
  std::vector<std::uint8_t> out(3);
  isa::Resize op;
  op.input = dense(DType::kU8, {1, 2, 2, 1});
  op.output = dense(DType::kU8, {1, 1, 3, 1});
  op.taps_h = 2;
  Fault fault;
  execute(op, {.input = bytes(in),
               .weights = bytes(rows),
               .table = bytes(columns),
               .output = bytes(out),
               .fault = &fault});
  EXPECT_EQ(out, (std::vector<std::uint8_t>{20, 30, 0}));
  EXPECT_EQ(fault.number, 7);
  EXPECT_EQ(fault.rows, 2);
}

}  // namespace
}  // namespace chengying::reference
