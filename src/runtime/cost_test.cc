#include "runtime/cost.h"

#include <gtest/gtest.h>

#include "chip/tiny_model_for_test.h"
#include "timing/timing.h"

namespace chengying::runtime {
namespace {

using Plan = std::vector<std::int32_t>;

isa::ChipSpec host() {
  return isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/host.toml").value();
}

/// Programs that only have sizes: one tensor in and one out, [rows * batch, 5].
isa::Executable with_programs(const std::vector<std::int32_t>& batches, std::int64_t rows = 1) {
  isa::Executable executable;
  for (const std::int32_t batch : batches) {
    isa::Program program;
    program.batch = batch;
    program.inputs = {{"x", DType::kF32, {rows * batch, 5}, 0}};
    program.outputs = {{"y", DType::kF32, {rows * batch, 2}, 1024}};
    executable.programs.push_back(program);
  }
  return executable;
}

TEST(Cost, AProgramOfTheSizeIsThePlan) {
  const isa::Executable executable = with_programs({1, 2, 4, 8});
  for (const std::int32_t batch : {1, 2, 4, 8}) EXPECT_EQ(plan_batch(executable, batch), Plan{batch});
}

TEST(Cost, OtherSizesTakeTheLargestThatFitsAgainAndAgain) {
  const isa::Executable executable = with_programs({1, 2, 4, 8});
  EXPECT_EQ(plan_batch(executable, 3), (Plan{2, 1}));
  EXPECT_EQ(plan_batch(executable, 7), (Plan{4, 2, 1}));
  EXPECT_EQ(plan_batch(executable, 21), (Plan{8, 8, 4, 1}));
}

TEST(Cost, ARestTooSmallForAnyProgramTakesTheSmallest) {
  EXPECT_EQ(plan_batch(with_programs({4}), 3), Plan{4});
  EXPECT_EQ(plan_batch(with_programs({2, 8}), 11), (Plan{8, 2, 2}));
}

TEST(Cost, EveryPlanHasRoomForItsBatch) {
  for (const std::vector<std::int32_t>& sizes : {Plan{1}, Plan{3}, Plan{2, 5}, Plan{1, 8}, Plan{4, 6, 32}}) {
    const isa::Executable executable = with_programs(sizes, 3);
    for (std::int32_t batch = 1; batch < 100; ++batch) {
      std::int32_t room = 0;
      for (const std::int32_t piece : plan_batch(executable, batch)) room += piece;
      EXPECT_GE(room, batch);
      EXPECT_LT(room, batch + sizes.front());
    }
  }
}

TEST(Cost, ImpossibleSizesHaveNoPlan) {
  const isa::Executable executable = with_programs({1, 2});
  EXPECT_EQ(plan_batch(executable, 0), Plan{});
  EXPECT_EQ(plan_batch(executable, -1), Plan{});
  EXPECT_EQ(plan_batch(executable, kMaxRequestBatch), Plan(kMaxRequestBatch / 2, 2));
  EXPECT_EQ(plan_batch(executable, kMaxRequestBatch + 1), Plan{});
  EXPECT_EQ(plan_batch({}, 1), Plan{});
}

TEST(Cost, BindingsThatDoNotGrowWithTheBatchForbidSplitting) {
  isa::Executable executable = with_programs({1, 2});
  EXPECT_TRUE(can_split_batches(executable));
  executable.programs[1].outputs[0].shape = {1, 2};
  EXPECT_FALSE(can_split_batches(executable));
  EXPECT_EQ(plan_batch(executable, 2), Plan{2});
  EXPECT_EQ(plan_batch(executable, 3), Plan{});
  executable = with_programs({1, 2});
  executable.programs[0].inputs[0].shape = {};
  EXPECT_FALSE(can_split_batches(executable));
  executable = with_programs({1, 2});
  executable.programs[0].inputs[0].name = "z";
  EXPECT_FALSE(can_split_batches(executable));
}

TEST(Cost, ABatchCostsTheSumOfItsPlan) {
  const isa::ChipSpec chip = host();
  const auto executable = chip::tiny::make_executable(chip::tiny::make_model(1), chip, 2, {1, 4});
  const timing::Timing one = timing::walk(executable->programs[0], chip, 2);
  const timing::Timing four = timing::walk(executable->programs[1], chip, 2);
  const RunCost cost = cost_of(*executable, chip, 6).value();
  EXPECT_EQ(cost.cycles, four.cycles + 2 * one.cycles);
  EXPECT_EQ(cost.picojoules, four.picojoules + 2 * one.picojoules);
  EXPECT_EQ(cost.core_cycles, 2 * cost.cycles);
  EXPECT_EQ(cost.clock_ns, 0);
}

TEST(Cost, ABatchWithoutAPlanIsRefusedWithTheSizesThereAre) {
  const isa::ChipSpec chip = host();
  const auto executable = chip::tiny::make_executable(chip::tiny::make_model(1), chip, 1, {1, 4});
  const auto cost = cost_of(*executable, chip, 0);
  ASSERT_FALSE(cost.has_value());
  EXPECT_EQ(cost.error().code, Code::kInvalidArgument);
  EXPECT_EQ(cost.error().message, "no program for a batch of 0; there are programs for 1, 4");
}

}  // namespace
}  // namespace chengying::runtime
