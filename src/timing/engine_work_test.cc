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

TEST(GroupedMatMulWork, is_a_product_of_whole_numbers) {
  isa::GroupedMatMul op;
  op.input = dense(DType::kF32, {1, 1, 4, 32});
  op.output = dense(DType::kF32, {1, 1, 4, 16});
  isa::ChipSpec chip = isa::testing::small_chip();
  EXPECT_EQ(engine_work(op, chip).cycles, 2 + 10u);
  EXPECT_EQ(engine_work(op, chip).macs, 4 * 32 * 16u);
  chip.tensor.epilogue_lanes = 16;  // 5 steps of each input, 3 of each group, 2 of each output
  EXPECT_EQ(engine_work(op, chip).cycles, 2 + 10 + (5 * 4 * 32 + (3 + 2) * 4 * 16) / 16u);
}

// small_chip: 16 lanes of f32, 64 of u8, 64 bytes a cycle to move.
TEST(VectorWork, of_comparisons_and_choices_follows_the_width_of_an_element) {
  const auto choice = [](DType dtype) {
    isa::Select op;
    op.output = dense(dtype, {1, 1, 1, 65});
    return engine_work(op, isa::testing::small_chip()).cycles;
  };
  EXPECT_EQ(choice(DType::kU8), 2u);
  EXPECT_EQ(choice(DType::kF32), 5u);
  EXPECT_EQ(choice(DType::kI64), 9u);  // two lanes for each
}

TEST(VectorWork, of_topk_grows_with_the_levels_of_its_list) {
  const auto best = [](std::int32_t k) {
    isa::TopK op;
    op.input = dense(DType::kF32, {1, 1, 1, 160});
    op.output = dense(DType::kI32, {1, 1, 1, k});
    return engine_work(op, isa::testing::small_chip()).cycles;
  };
  EXPECT_EQ(best(1), 10u);
  EXPECT_EQ(best(2), 20u);
  EXPECT_EQ(best(4), 30u);
  EXPECT_EQ(best(5), 40u);
}

TEST(VectorWork, of_rows_counts_the_steps_of_each_element) {
  const isa::ChipSpec chip = isa::testing::small_chip();
  isa::Norm norm;
  norm.output = dense(DType::kF32, {1, 1, 2, 16});
  EXPECT_EQ(engine_work(norm, chip).cycles, 2 * 5u);
  norm.kind = isa::NormKind::kRms;
  norm.scale = norm.output;
  EXPECT_EQ(engine_work(norm, chip).cycles, 2 * 3u);
  isa::Rotary rotary;
  rotary.output = norm.output;
  EXPECT_EQ(engine_work(rotary, chip).cycles, 2 * 3u);
  isa::Resize resize;
  resize.output = dense(DType::kF32, {1, 1, 1, 16});
  resize.taps_h = resize.taps_w = 2;
  EXPECT_EQ(engine_work(resize, chip).cycles, 4 + 2u);
}

TEST(MemoryWork, of_a_gather_is_of_the_rows_that_it_moves) {
  isa::Gather op;
  op.data = dense(DType::kF32, {1, 30000, 1, 16});
  op.output = dense(DType::kF32, {1, 3, 1, 16});
  EXPECT_EQ(engine_work(op, isa::testing::small_chip()).cycles, 3u);
}

// small_chip's array of f32: a product, 16 columns and a row a cycle.
TEST(AttentionWork, IsTwoProductsOfEachSequenceAtItsOwnLength) {
  isa::Attention op;
  op.query = op.output = dense(DType::kF32, {2, 4, 1, 32});
  op.keys = op.values = dense(DType::kBF16, {9, 2, 16, 32});
  op.pages = dense(DType::kI32, {1, 1, 2, 4});
  op.lengths = 1;
  const std::vector<std::int64_t> arguments{0, 16, 33};
  const auto work = [&](const isa::ChipSpec& chip) { return engine_work(op, chip, arguments); };
  // 2 heads of keys, each for 2 rows of query: lengths of 1 and 3 vectors; then 2 vectors of output.
  const std::uint64_t first = 2 * (2 * 32 * 1 + 2 * 16 * 2), second = 2 * (2 * 32 * 3 + 2 * 33 * 2);
  EXPECT_EQ(work(isa::testing::small_chip()).cycles, first + second + 10);
  EXPECT_EQ(work(isa::testing::small_chip()).macs, 2 * 32 * 4 * (16 + 33u));
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.tensor.epilogue_lanes = 16;  // 23 steps of each score, one of each output
  EXPECT_EQ(work(chip).cycles, first + second + 10 + (23 * 4 * (16 + 33) + 2 * 4 * 32) / 16u + 1);
}

TEST(ScanWork, CountsTheRowsThatCount) {
  isa::Scan op;
  op.query = dense(DType::kU8, {1, 1, 2, 64});
  op.rows = dense(DType::kU8, {1, 1, 100, 64});
  op.output = dense(DType::kI32, {1, 1, 2, 8});
  EXPECT_EQ(engine_work(op, isa::testing::small_chip()).cycles, 4 * 7 + 10u);
  op.count = 0;
  const std::vector<std::int64_t> arguments{32};
  EXPECT_EQ(engine_work(op, isa::testing::small_chip(), arguments).cycles, 4 * 2 + 10u);
  EXPECT_EQ(engine_work(op, isa::testing::small_chip(), arguments).macs, 2 * 32 * 64u);
}

}  // namespace
}  // namespace chengying::timing
