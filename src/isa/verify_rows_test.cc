// Each refusal of norms, rotary embedding and resampling with its exact words.
#include <gtest/gtest.h>

#include <functional>

#include "isa/testing.h"
#include "isa/verify_kinds.h"

namespace chengying::isa {
namespace {

View dense(DType dtype, std::array<std::int32_t, 4> shape) {
  return dense_view({Space::kDram, 0, 0}, dtype, shape, shape[3] * static_cast<std::int64_t>(size_of(dtype)));
}

template <class Op>
std::string error_of(Op op, const std::function<void(Op&)>& change) {
  change(op);
  const Status status = verify_kind(op, testing::small_chip());
  return status ? "" : status.error().message;
}

Norm norm() {
  Norm op;
  op.input = op.output = dense(DType::kF32, {1, 1, 2, 8});
  op.scale = op.shift = op.input;
  op.epsilon = 1e-5f;
  return op;
}

const Rotary kRotary{dense(DType::kF32, {1, 1, 2, 8}), dense(DType::kF32, {1, 1, 2, 4}),
                     dense(DType::kF32, {1, 1, 2, 4}), dense(DType::kF32, {1, 1, 2, 8})};

Resize resize() {
  Resize op;
  op.input = dense(DType::kU8, {1, 2, 2, 8});
  op.output = dense(DType::kU8, {1, 4, 4, 8});
  return op;
}

TEST(VerifyRows, accepts_what_is_right) {
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm&) {}), "");
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.scale.reset(), op.shift.reset(), op.epsilon = 0; }), "");
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.scale->stride = {0, 0, 0, 4}; }), "");
  EXPECT_EQ(error_of<Rotary>(kRotary, [](Rotary&) {}), "");
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize&) {}), "");
}

TEST(VerifyRows, refuses_norms_whose_companions_differ) {
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.scale->shape[2] = 1; }),
            "scale f32[1,1,1,8] @ dram+0x0 /64,64,32,4 has another shape than output f32[1,1,2,8] @ dram+0x0 "
            "/64,64,32,4");
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.shift->dtype = DType::kI32; }),
            "shift i32[1,1,2,8] @ dram+0x0 /64,64,32,4 is i32; f32 is needed");
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.epsilon = -1; }), "epsilon is -1; 0 or more is needed");
  EXPECT_EQ(error_of<Norm>(norm(), [](Norm& op) { op.epsilon = kInfinity; }),
            "epsilon is inf; a finite number is needed");
}

TEST(VerifyRows, refuses_rotations_without_pairs) {
  EXPECT_EQ(error_of<Rotary>(kRotary, [](Rotary& op) { op.input.shape[3] = op.output.shape[3] = 7; }),
            "output f32[1,1,2,7] @ dram+0x0 /64,64,32,4 has rows of 7 elements; an even number is needed");
  EXPECT_EQ(error_of<Rotary>(kRotary, [](Rotary& op) { op.sine.shape[3] = 8; }),
            "sine f32[1,1,2,8] @ dram+0x0 /32,32,16,4 must have half of each row of output f32[1,1,2,8] @ "
            "dram+0x0 /64,64,32,4");
}

TEST(VerifyRows, refuses_resizes_that_do_not_agree) {
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize& op) { op.taps_h = 65; }), "taps_h is 65; allowed: 1 to 64");
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize& op) { op.taps_w = 0; }), "taps_w is 0; allowed: 1 to 64");
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize& op) { op.output.shape[3] = 4; }),
            "input u8[1,2,2,8] @ dram+0x0 /32,16,8,1 and output u8[1,4,4,4] @ dram+0x0 /128,32,8,1 differ in "
            "images or channels");
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize& op) { op.columns.offset = 8; }),
            "the table of columns at const+0x8 is not at a multiple of 64");
  EXPECT_EQ(error_of<Resize>(resize(), [](Resize& op) { op.output.dtype = DType::kI8; }),
            "output i8[1,4,4,8] @ dram+0x0 /128,32,8,1 is i8; u8 is needed");
}

}  // namespace
}  // namespace chengying::isa
