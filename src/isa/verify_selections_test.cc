// Each refusal of comparisons, choices and look-ups with its exact words.
#include <gtest/gtest.h>

#include <functional>

#include "isa/footprint.h"
#include "isa/limits.h"
#include "isa/testing.h"
#include "isa/verify_kinds.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

View dense(DType dtype, std::array<std::int32_t, 4> shape, std::uint64_t offset = 0) {
  return dense_view({Space::kDram, 0, offset}, dtype, shape,
                    shape[3] * static_cast<std::int64_t>(size_of(dtype)));
}

template <class Op>
std::string error_of(Op op, const std::function<void(Op&)>& change) {
  change(op);
  const Status status = verify_kind(op, testing::small_chip());
  return status ? "" : status.error().message;
}

const Compare kCompare{CompareKind::kLess, dense(DType::kF32, {1, 1, 2, 3}), dense(DType::kF32, {1, 1, 2, 3}),
                       dense(DType::kBool, {1, 1, 2, 3})};
const Select kSelect{dense(DType::kBool, {1, 1, 2, 3}), dense(DType::kI64, {1, 1, 2, 3}),
                     dense(DType::kI64, {1, 1, 2, 3}), dense(DType::kI64, {1, 1, 2, 3})};
const Gather kGather{dense(DType::kF16, {1, 9, 2, 3}), dense(DType::kI64, {1, 4, 2, 3}),
                     dense(DType::kF16, {1, 4, 2, 3})};
const Scatter kScatter{dense(DType::kF16, {1, 4, 2, 3}), dense(DType::kI32, {1, 4, 2, 3}),
                       dense(DType::kF16, {1, 9, 2, 3})};
const TopK kTopK{dense(DType::kF32, {1, 1, 2, 9}), dense(DType::kI32, {1, 1, 2, 4})};

TEST(VerifySelections, accepts_what_is_right) {
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare&) {}), "");
  EXPECT_EQ(error_of<Compare>(kCompare,
                              [](Compare& op) {
                                op.kind = CompareKind::kXor;
                                op.a.dtype = op.b.dtype = DType::kU8;
                              }),
            "");
  EXPECT_EQ(error_of<Select>(kSelect, [](Select&) {}), "");
  EXPECT_EQ(error_of<Gather>(kGather, [](Gather& op) { op.indices.stride[3] = op.indices.stride[2] = 0; }),
            "");
  EXPECT_EQ(error_of<Scatter>(kScatter, [](Scatter&) {}), "");
  EXPECT_EQ(error_of<TopK>(kTopK, [](TopK&) {}), "");
}

TEST(VerifySelections, refuses_comparisons_of_what_does_not_compare) {
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare& op) { op.output.dtype = DType::kI8; }),
            "output i8[1,1,2,3] @ dram+0x0 /6,6,3,1 is i8; truth values are u8 or bool");
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare& op) { op.kind = CompareKind::kAnd; }),
            "a f32[1,1,2,3] @ dram+0x0 /24,24,12,4 is f32; truth values are u8 or bool");
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare& op) { op.b.dtype = DType::kI32; }),
            "b i32[1,1,2,3] @ dram+0x0 /24,24,12,4 is i32; f32 is needed");
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare& op) { op.a.dtype = op.b.dtype = DType::kF16; }),
            "compares f16; known: f32, i32, i64, u8 and bool");
  EXPECT_EQ(error_of<Compare>(kCompare, [](Compare& op) { op.b.shape[2] = 1; }),
            "b f32[1,1,1,3] @ dram+0x0 /24,24,12,4 has another shape than output bool[1,1,2,3] @ dram+0x0 "
            "/6,6,3,1");
}

TEST(VerifySelections, refuses_choices_that_do_not_agree) {
  EXPECT_EQ(error_of<Select>(kSelect, [](Select& op) { op.condition = op.a; }),
            "condition i64[1,1,2,3] @ dram+0x0 /48,48,24,8 is i64; truth values are u8 or bool");
  EXPECT_EQ(error_of<Select>(kSelect, [](Select& op) { op.b = dense(DType::kF32, {1, 1, 2, 3}); }),
            "b f32[1,1,2,3] @ dram+0x0 /24,24,12,4 is f32; i64 is needed");
  EXPECT_EQ(
      error_of<Select>(kSelect, [](Select& op) { op.condition.shape[3] = 1; }),
      "condition bool[1,1,2,1] @ dram+0x0 /6,6,3,1 has another shape than output i64[1,1,2,3] @ dram+0x0 "
      "/48,48,24,8");
}

TEST(VerifySelections, refuses_lookups_that_do_not_agree) {
  EXPECT_EQ(error_of<Gather>(kGather, [](Gather& op) { op.indices.dtype = DType::kI16; }),
            "indices i16[1,4,2,3] @ dram+0x0 /192,48,24,8 is i16; numbers of elements are i32 or i64");
  EXPECT_EQ(
      error_of<Gather>(kGather, [](Gather& op) { op.indices.shape[1] = 3; }),
      "indices i64[1,3,2,3] @ dram+0x0 /192,48,24,8 has another shape than output f16[1,4,2,3] @ dram+0x0 "
      "/48,12,6,2");
  EXPECT_EQ(
      error_of<Gather>(kGather, [](Gather& op) { op.data.shape[2] = 1; }),
      "data f16[1,9,1,3] @ dram+0x0 /108,12,6,2 and output f16[1,4,2,3] @ dram+0x0 /48,12,6,2 differ in more "
      "than their number of rows");
  EXPECT_EQ(
      error_of<Scatter>(kScatter, [](Scatter& op) { op.indices.shape[1] = 3; }),
      "indices i32[1,3,2,3] @ dram+0x0 /96,24,12,4 have another shape than updates f16[1,4,2,3] @ dram+0x0 "
      "/48,12,6,2");
  EXPECT_EQ(
      error_of<Scatter>(kScatter, [](Scatter& op) { op.output.shape[0] = 2; }),
      "updates f16[1,4,2,3] @ dram+0x0 /48,12,6,2 and output f16[2,9,2,3] @ dram+0x0 /108,12,6,2 differ in "
      "more than their number of rows");
}

TEST(VerifySelections, refuses_more_of_the_best_than_there_are) {
  EXPECT_EQ(error_of<TopK>(kTopK, [](TopK& op) { op.input.shape[3] = 3; }),
            "output i32[1,1,2,4] @ dram+0x0 /32,32,16,4 asks for the best 4 of 3");
  EXPECT_EQ(error_of<TopK>(kTopK, [](TopK& op) { op.output.dtype = DType::kF32; }),
            "output f32[1,1,2,4] @ dram+0x0 /32,32,16,4 is f32; numbers of elements are i32 or i64");
  EXPECT_EQ(
      error_of<TopK>(kTopK, [](TopK& op) { op.output.shape[2] = 1; }),
      "input f32[1,1,2,9] @ dram+0x0 /72,72,36,4 and output i32[1,1,1,4] @ dram+0x0 /32,32,16,4 differ in "
      "more than their innermost dimension");
}

TEST(VerifySelections, refuses_draws_without_a_choice_for_each_row) {
  const Sample draw{dense(DType::kF32, {1, 1, 2, 9}), dense(DType::kF32, {1, 1, 2, 3}),
                    dense(DType::kI32, {1, 1, 2, 1})};
  EXPECT_EQ(error_of<Sample>(draw, [](Sample&) {}), "");
  EXPECT_EQ(
      error_of<Sample>(draw, [](Sample& op) { op.output.shape[2] = 1; }),
      "output i32[1,1,1,1] @ dram+0x0 /8,8,4,4 must have one number for each row of input f32[1,1,2,9] @ "
      "dram+0x0 /72,72,36,4");
  EXPECT_EQ(error_of<Sample>(draw, [](Sample& op) { op.choice.shape[3] = 2; }),
            "choice f32[1,1,2,2] @ dram+0x0 /24,24,12,4 must have u, the inverse temperature and the share "
            "kept for "
            "each row of input f32[1,1,2,9] @ dram+0x0 /72,72,36,4");
}

TEST(VerifySelections, a_scatter_writes_over_nothing_that_it_reads) {
  Budget budget{limits::kCompareSteps};
  Scatter op = kScatter;
  op.updates.at.offset = 1024;
  op.indices.at.offset = 2048;
  EXPECT_TRUE(verify_operation(op, testing::small_chip(), budget));
  op.updates = op.output;
  op.indices = dense(DType::kI32, {1, 9, 2, 3}, 2048);
  const Status status = verify_operation(op, testing::small_chip(), budget);
  ASSERT_FALSE(status);
  EXPECT_EQ(
      status.error().message,
      "writes f16[1,9,2,3] @ dram+0x0 /108,12,6,2 over its own input f16[1,9,2,3] @ dram+0x0 /108,12,6,2");
}

ChipSpec open_chip() {
  ChipSpec chip = testing::small_chip();
  chip.memory.engines_reach_host = true;
  return chip;
}

/// A scatter into scratch that nobody wrote would let a program see what another left behind.
TEST(VerifySelections, a_scatter_needs_its_output_written_before) {
  testing::ProgramBuilder b;
  const View updates = b.input("updates", DType::kF32, {2, 4});
  const View indices = b.input("indices", DType::kI32, {2, 4});
  const View result = b.output("result", DType::kF32, {8, 4});
  const auto rows = [](View view) {
    view.shape = {1, view.shape[2], 1, view.shape[3]};
    view.stride = {view.stride[1], view.stride[2], view.stride[2], view.stride[3]};
    return view;
  };
  const View memory = b.dram(DType::kF32, {1, 8, 1, 4});
  b.add(Scatter{rows(updates), rows(indices), memory});
  b.add(Copy{memory, rows(result)});
  const Status unwritten = verify(b.program(), 1, 0, open_chip());
  ASSERT_FALSE(unwritten);
  EXPECT_EQ(unwritten.error().message.substr(0, 15), "instruction 0: ") << unwritten.error().message;

  View zeros = memory;
  zeros.at = updates.at;
  zeros.stride = {0, 0, 0, 4};
  b.program().instructions.insert(b.program().instructions.begin(),
                                  Instruction{0, 0, {}, Copy{zeros, memory}});
  const Status written = verify(b.program(), 1, 0, open_chip());
  EXPECT_TRUE(written) << written.error().message;
}

}  // namespace
}  // namespace chengying::isa
