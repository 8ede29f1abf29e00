// Cycles and energy of products and row operations by themselves, at the element before and after a pass.
#include "timing/engine_work.h"

#include <gtest/gtest.h>

#include "isa/testing.h"

namespace chengying::timing {
namespace {

isa::View dense(DType dtype, std::array<std::int32_t, 4> shape) {
  return isa::dense_view({}, dtype, shape, shape[3] * static_cast<std::int64_t>(size_of(dtype)));
}

EngineWork matmul(DType dtype, std::int32_t batch, std::int32_t m, std::int32_t k, std::int32_t n,
                  const isa::ChipSpec& chip = isa::testing::small_chip()) {
  isa::MatMul op;
  op.a = dense(dtype, {1, batch, m, k});
  op.b = dense(dtype, {1, batch, k, n});
  op.output = dense(dtype, {1, batch, m, n});
  return engine_work(op, chip);
}

// small_chip: u8 16 products x 16 columns x 4 rows a cycle, f32 1 x 16 x 1; 10 cycles to fill, 5 to issue.
TEST(MatMulWork, is_passes_of_each_product_of_the_batch) {
  EXPECT_EQ(matmul(DType::kU8, 1, 4, 16, 16).cycles, 1 + 10u);
  EXPECT_EQ(matmul(DType::kU8, 1, 5, 16, 16).cycles, 2 + 10u);
  EXPECT_EQ(matmul(DType::kU8, 1, 4, 17, 16).cycles, 2 + 10u);
  EXPECT_EQ(matmul(DType::kU8, 1, 4, 16, 17).cycles, 2 + 10u);
  EXPECT_EQ(matmul(DType::kU8, 3, 2, 16, 16).cycles, 3 + 10u);  // rows of two products don't share a pass
  EXPECT_EQ(matmul(DType::kF32, 1, 4, 3, 16).cycles, 4 * 3 + 10u);
  EXPECT_EQ(matmul(DType::kF32, 1, 4, 3, 16).issue_cycles, 5u);
}

TEST(MatMulWork, counts_the_products_that_are_asked_for) {
  const EngineWork work = matmul(DType::kF32, 2, 3, 5, 7);
  EXPECT_EQ(work.macs, 2 * 3 * 5 * 7u);
  EXPECT_EQ(work.picojoules, 2 * 3 * 5 * 7 * 4.0);
}

TEST(MatMulWork, stands_still_for_the_epilogue_without_a_stage_of_its_own) {
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.tensor.epilogue_lanes = 16;
  EXPECT_EQ(matmul(DType::kF32, 1, 1, 1, 16, chip).cycles, 1 + 10 + 3u);  // scale, clamp, store
  EXPECT_EQ(matmul(DType::kU8, 1, 4, 16, 16, chip).cycles, 1 + 10 + 5 * 64 / 16u);
}

}  // namespace
}  // namespace chengying::timing
