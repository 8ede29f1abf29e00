// Each refusal of products with its exact words. The base is a product that is right; each test breaks one
// thing.
#include <gtest/gtest.h>

#include <functional>

#include "isa/testing.h"
#include "isa/verify_kinds.h"

namespace chengying::isa {
namespace {

View dense(DType dtype, std::array<std::int32_t, 4> shape) {
  return dense_view({Space::kDram, 0, 0}, dtype, shape, shape[3] * static_cast<std::int64_t>(size_of(dtype)));
}

MatMul of_f32() {
  return {.a = dense(DType::kF32, {1, 2, 3, 4}),
          .b = dense(DType::kF32, {1, 2, 4, 5}),
          .addend = dense(DType::kF32, {1, 2, 3, 5}),
          .output = dense(DType::kF32, {1, 2, 3, 5})};
}

MatMul of_u8() {
  MatMul op = of_f32();
  op.a.dtype = op.b.dtype = op.output.dtype = DType::kU8;
  op.addend.reset();
  return op;
}

std::string error_of(MatMul op, const std::function<void(MatMul&)>& change,
                     const ChipSpec& chip = testing::small_chip()) {
  change(op);
  const Status status = verify_kind(op, chip);
  return status ? "" : status.error().message;
}

TEST(VerifyMatMul, accepts_what_the_formats_allow) {
  const auto nothing = [](MatMul&) {};
  EXPECT_EQ(error_of(of_f32(), nothing), "");
  EXPECT_EQ(error_of(of_u8(), nothing), "");
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.b = dense(DType::kBF16, {1, 2, 4, 5}); }), "");
  EXPECT_EQ(error_of(of_u8(),
                     [](MatMul& op) {
                       op.output = dense(DType::kF32, {1, 2, 3, 5});
                       op.addend = op.output;
                     }),
            "");
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.b.stride = {0, 0, 4, 16}; }), "");
}

TEST(VerifyMatMul, refuses_formats_that_do_not_go_together) {
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.b.dtype = DType::kI32; }),
            "b i32[1,2,4,5] @ dram+0x0 /160,80,20,4 is i32; f32 or bf16 is needed beside an f32 a");
  EXPECT_EQ(error_of(of_u8(), [](MatMul& op) { op.b = of_f32().b; }),
            "b f32[1,2,4,5] @ dram+0x0 /160,80,20,4 is f32; u8 is needed");
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.output.dtype = DType::kU8; }),
            "output u8[1,2,3,5] @ dram+0x0 /120,60,20,4 is u8; f32 is needed");
  EXPECT_EQ(error_of(of_u8(), [](MatMul& op) { op.addend = of_f32().addend; }),
            "an addend to u8; it is defined for f32 outputs only");
  ChipSpec chip = testing::small_chip();
  chip.tensor.f32.reset();
  EXPECT_EQ(error_of(of_f32(), [](MatMul&) {}, chip), "'small' has no f32 tensor engine");
}

TEST(VerifyMatMul, refuses_shapes_that_do_not_fit) {
  EXPECT_EQ(
      error_of(of_f32(), [](MatMul& op) { op.b.shape[2] = 3; }),
      "a f32[1,2,3,4] @ dram+0x0 /96,48,16,4 has 4 columns, b f32[1,2,3,5] @ dram+0x0 /160,80,20,4 has 3 "
      "rows; they must agree");
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.a.shape[2] = 2; }),
            "output f32[1,2,3,5] @ dram+0x0 /120,60,20,4 is 3 x 5; the product of a and b is 2 x 5");
  EXPECT_EQ(
      error_of(of_f32(), [](MatMul& op) { op.b.shape[1] = 1; }),
      "a f32[1,2,3,4] @ dram+0x0 /96,48,16,4, b f32[1,1,4,5] @ dram+0x0 /160,80,20,4 and output "
      "f32[1,2,3,5] @ dram+0x0 /120,60,20,4 differ in their batches; where one repeats, its stride is 0");
  EXPECT_EQ(
      error_of(of_f32(), [](MatMul& op) { op.addend->shape[2] = 1; }),
      "addend f32[1,2,1,5] @ dram+0x0 /120,60,20,4 has another shape than output f32[1,2,3,5] @ dram+0x0 "
      "/120,60,20,4");
}

TEST(VerifyMatMul, refuses_numbers_out_of_range) {
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.scale = kInfinity; }),
            "scale is inf; a finite number is needed");
  EXPECT_EQ(error_of(of_f32(), [](MatMul& op) { op.low = 2, op.high = 1; }),
            "clamps to [2, 1]; low must be at most high");
  EXPECT_EQ(error_of(of_u8(), [](MatMul& op) { op.a_zero_point = 256; }),
            "a_zero_point is 256; allowed: 0 to 255");
  EXPECT_EQ(error_of(of_u8(), [](MatMul& op) { op.b_zero_point = -1; }),
            "b_zero_point is -1; allowed: 0 to 255");
  EXPECT_EQ(error_of(of_u8(), [](MatMul& op) { op.output_zero_point = 300; }),
            "output_zero_point is 300; allowed: 0 to 255");
}

GroupedMatMul grouped() {
  GroupedMatMul op;
  op.input = dense(DType::kF32, {1, 2, 3, 64});
  op.output = dense(DType::kF32, {1, 2, 3, 20});
  return op;
}

std::string error_of(const std::function<void(GroupedMatMul&)>& change) {
  GroupedMatMul op = grouped();
  change(op);
  const Status status = verify_kind(op, testing::small_chip());
  return status ? "" : status.error().message;
}

TEST(VerifyGroupedMatMul, refuses_what_does_not_come_out_even) {
  EXPECT_EQ(error_of([](GroupedMatMul&) {}), "");
  EXPECT_EQ(error_of([](GroupedMatMul& op) { op.bits = 2; }), "weights of 2 bits; known: 4 and 8");
  EXPECT_EQ(error_of([](GroupedMatMul& op) { op.group = 12; }),
            "groups of 12; allowed: multiples of 8 up to 4096");
  EXPECT_EQ(error_of([](GroupedMatMul& op) { op.group = 4104; }),
            "groups of 4104; allowed: multiples of 8 up to 4096");
  EXPECT_EQ(
      error_of([](GroupedMatMul& op) { op.group = 40; }),
      "input f32[1,2,3,64] @ dram+0x0 /1536,768,256,4 has rows of 64 elements, not a multiple of its groups "
      "of 40");
  EXPECT_EQ(
      error_of([](GroupedMatMul& op) { op.output.shape[2] = 2; }),
      "input f32[1,2,3,64] @ dram+0x0 /1536,768,256,4 and output f32[1,2,2,20] @ dram+0x0 /480,240,80,4 "
      "differ in their rows");
  EXPECT_EQ(error_of([](GroupedMatMul& op) { op.scale.offset = 4; }),
            "scale at const+0x4 is not at a multiple of 64");
  EXPECT_EQ(error_of([](GroupedMatMul& op) { op.input.dtype = DType::kU8; }),
            "input u8[1,2,3,64] @ dram+0x0 /1536,768,256,4 is u8; f32 is needed");
}

TEST(VerifyGroupedMatMul, needs_an_array_of_whole_numbers) {
  ChipSpec chip = testing::small_chip();
  chip.tensor.u8.reset();
  EXPECT_EQ(verify_kind(grouped(), chip).error().message, "'small' has no u8 tensor engine");
}

}  // namespace
}  // namespace chengying::isa
