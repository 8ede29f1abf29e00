// What lower() refuses, in its exact words.
#include <gtest/gtest.h>

#include "chip_runner.h"
#include "compiler/emit.h"
#include "random_graph.h"
#include "resnet_graph.h"

namespace chengying::compiler {
namespace {

using testing::chip_named;

Error refusal(const std::vector<BatchGraph>& graphs, const isa::ChipSpec& chip, std::uint16_t cores) {
  auto lowered = lower(graphs, chip, cores);
  if (lowered) {
    ADD_FAILURE() << "was not refused";
    return {};
  }
  return lowered.error();
}

TEST(LowerRefusal, AModelThatExceedsTheSramIsRefusedWithNumbers) {
  isa::ChipSpec chip = chip_named("hanguang800");
  chip.memory.sram_bytes = 1 << 20;
  const Error error = refusal({testing::resnet50(2, 16, 64)}, chip, 1);
  EXPECT_EQ(error.code, Code::kUnsupported);
  EXPECT_EQ(error.message,
            "batch 2 on 1 core of chip hanguang800 needs 2.1 MiB of SRAM in a core, which has 1.0 MiB; try "
            "more cores "
            "or a smaller batch");
}

TEST(LowerRefusal, WeightsThatExceedOneCoreAreSplitOverSeveral) {
  isa::ChipSpec chip = chip_named("hanguang800");
  chip.memory.sram_bytes = 12 << 20;
  EXPECT_FALSE(lower(std::vector{testing::resnet50(1)}, chip, 1).has_value());
  EXPECT_TRUE(lower(std::vector{testing::resnet50(1)}, chip, 4).has_value());
}

TEST(LowerRefusal, FormatsThatTheChipLacksAreListedAllAtOnce) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  const Error error = refusal({testing::random_graph(4, 1, {.f32 = true, .nodes = 5})}, chip, 1);
  EXPECT_EQ(error.code, Code::kUnsupported);
  EXPECT_EQ(error.message,
            "chip hanguang800 can't run 4 of the model's 11 nodes:\n"
            "  n1 (conv, f32[1,1,4,8] nhwc): the chip has no f32 in its tensor engine\n"
            "  n2 (conv, f32[1,15,4,3] nhwc): the chip has no f32 in its tensor engine\n"
            "  n3 (conv, f32[1,32,3,3] nhwc): the chip has no f32 in its tensor engine\n"
            "  n8 (dense, f32[1,3]): the chip has no f32 in its tensor engine\n"
            "Compile the model in int8: calibrate it with sample inputs, or quantise it before; or choose a "
            "chip that "
            "computes f32.");
}

TEST(LowerRefusal, MoreCoresThanTheChipHas) {
  const Error error = refusal({testing::random_graph(1, 1, {})}, chip_named("hanguang800"), 5);
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message, "a slice of 5 cores: chip hanguang800 has 1 to 4");
}

}  // namespace
}  // namespace chengying::compiler
