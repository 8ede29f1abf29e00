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

/// input -> one node -> output, all f32 and row major unless `change` says otherwise.
BatchGraph one_node(Operator op, Shape in, Shape out, Layout layout = Layout::kRowMajor) {
  Graph graph;
  Value input, moved, result, output;
  input.name = "in";
  input.shape = moved.shape = std::move(in);
  output.shape = result.shape = std::move(out);
  output.name = "out";
  moved.layout = result.layout = layout;
  graph.inputs = {graph.add(input)};
  const ValueId x = graph.add(moved), y = graph.add(result);
  graph.outputs = {graph.add(output)};
  graph.nodes.push_back({"enter", RelayoutNode{}, {graph.inputs[0]}, x});
  graph.nodes.push_back({"middle", std::move(op), {x}, y});
  graph.nodes.push_back({"leave", RelayoutNode{}, {y}, graph.outputs[0]});
  return {1, std::move(graph)};
}

TEST(LowerRefusal, AWindowThatNoInstructionCanSay) {
  PoolNode pool{isa::PoolKind::kAverage, {}};
  pool.window.kernel_h = 5000;
  const Error error =
      refusal({one_node(pool, {1, 1, 5000, 1}, {1, 1, 1, 1}, Layout::kChannelsLast)}, chip_named("host"), 1);
  EXPECT_EQ(error.code, Code::kTooLarge);
  EXPECT_EQ(error.message,
            "middle (pool, f32[1,1,1,1] nhwc): kernel 5000, stride 1, dilation 1 along its height; the limit "
            "of each "
            "is 4096");
}

TEST(LowerRefusal, ASliceThatNeedsACopyForEachElement) {
  const SliceNode backwards{{99'999}, {-1}};
  const Error error = refusal({one_node(backwards, {100'000}, {100'000})}, chip_named("host"), 1);
  EXPECT_EQ(error.code, Code::kTooLarge);
  EXPECT_EQ(error.message, "middle (slice, f32[100000]): needs 100000 copies, the limit is 65536");
}

TEST(LowerRefusal, ATranspositionOfManyScatteredDimensions) {
  const TransposeNode reversed{{7, 6, 5, 4, 3, 2, 1, 0}};
  const Shape shape{2, 2, 2, 2, 17, 17, 17, 17}, back{17, 17, 17, 17, 2, 2, 2, 2};
  const Error error = refusal({one_node(reversed, shape, back)}, chip_named("host"), 1);
  EXPECT_EQ(error.code, Code::kTooLarge);
  EXPECT_EQ(error.message,
            "middle (transpose, f32[17,17,17,17,2,2,2,2]): its elements lie such that 83521 instructions are "
            "needed, "
            "the limit is 65536");
}

TEST(LowerRefusal, ScalesSoFarApartThatTheirRatioIsInfinite) {
  BatchGraph bound =
      one_node(PoolNode{isa::PoolKind::kAverage, {}}, {1, 1, 2, 2}, {1, 1, 2, 2}, Layout::kChannelsLast);
  bound.graph.nodes[0].op = QuantiseNode{};
  bound.graph.nodes[2].op = DequantiseNode{};
  for (const ValueId id : {1, 2}) {
    bound.graph.value(id).dtype = DType::kU8;
    bound.graph.value(id).quantisation = Quantisation{{id == 1 ? 1e30F : 1e-30F}, 0, 0};
  }
  const Error error = refusal({bound}, chip_named("host"), 1);
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message,
            "middle (pool, u8[1,1,2,2] nhwc s=1e-30 z=0): the scales of its operands and its result are so "
            "far apart "
            "that its scale is not a finite number");
}

TEST(LowerRefusal, TwoOutputsOfOneName) {
  BatchGraph bound = one_node(UnaryNode{}, {3}, {3});
  bound.graph.outputs.push_back(bound.graph.outputs[0]);
  const Error error = refusal({bound}, chip_named("host"), 1);
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message, "two of the model's outputs are named 'out'");
}

}  // namespace
}  // namespace chengying::compiler
