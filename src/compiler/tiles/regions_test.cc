#include "compiler/tiles/regions.h"

#include <gtest/gtest.h>

#include <numeric>

#include "compiler/tiles/storage.h"
#include "isa/spec.h"

namespace chengying::compiler::tiles {
namespace {

ValueId add(Graph& graph, Shape shape, DType dtype = DType::kF32, Layout layout = Layout::kChannelsLast) {
  Value value;
  value.name = "v";
  value.dtype = dtype;
  value.shape = std::move(shape);
  value.layout = layout;
  if (dtype == DType::kU8) value.quantisation = Quantisation{{1}, 0, 0};
  return graph.add(std::move(value));
}

/// conv 3x3 with padding 1 on [1,16,8,8] to `k` channels.
Graph conv_graph(std::int64_t k, std::int32_t groups = 1) {
  Graph graph;
  const ValueId x = add(graph, {1, 16, 8, 8}), w = add(graph, {k, 16 / groups, 3, 3}),
                y = add(graph, {1, k, 8, 8});
  ConvNode conv;
  conv.window.kernel_h = conv.window.kernel_w = 3;
  conv.window.pad_top = conv.window.pad_left = 1;
  conv.groups = groups;
  graph.inputs = {x};
  graph.nodes.push_back({"conv", conv, {x, w, kNoValue}, y});
  graph.outputs = {y};
  return graph;
}

TEST(Regions, AConvolutionNeedsItsRowsAndTheHalo) {
  const Graph graph = conv_graph(32);
  EXPECT_EQ(needed(graph, graph.nodes[0], 0, {{0, 0, 0, 0}, {1, 32, 4, 8}}),
            (Box{{0, 0, 0, 0}, {1, 16, 5, 8}}));
  EXPECT_EQ(needed(graph, graph.nodes[0], 0, {{0, 0, 4, 0}, {1, 32, 4, 8}}),
            (Box{{0, 0, 3, 0}, {1, 16, 5, 8}}));
}

TEST(Regions, AGroupNeedsOnlyItsOwnChannels) {
  const Graph graph = conv_graph(32, 4);
  EXPECT_EQ(needed(graph, graph.nodes[0], 0, {{0, 8, 0, 0}, {1, 8, 8, 8}}),
            (Box{{0, 4, 0, 0}, {1, 4, 8, 8}}));
}

TEST(Regions, AResidualIsNeededWhereItIsAddedAlsoWithoutABias) {
  Graph graph = conv_graph(32);
  const ValueId residual = add(graph, {1, 32, 8, 8});
  std::get<ConvNode>(graph.nodes[0].op).fused.residual = residual;
  const Box out{{0, 0, 4, 0}, {1, 32, 4, 8}};
  EXPECT_TRUE(is_parameter(graph.nodes[0], 1));
  EXPECT_FALSE(is_parameter(graph.nodes[0], 2));  // x, weights, residual
  EXPECT_EQ(needed(graph, graph.nodes[0], 2, out), out);
}

TEST(Regions, BlocksCoverTheOutputOnceAndChannelsAreCutAtSixteen) {
  for (const std::int64_t k : {2, 16, 33, 64, 100}) {
    const Graph graph = conv_graph(k);
    for (const Split split : splits_of(graph, graph.nodes[0])) {
      for (std::int32_t cores = 1; cores <= 5; ++cores) {
        const std::vector<Box> blocks = blocks_of(graph, graph.nodes[0], split, cores);
        ASSERT_LE(blocks.size(), static_cast<std::size_t>(cores));
        EXPECT_TRUE(difference(Box::whole({1, k, 8, 8}), blocks).empty());
        const std::int64_t elements =
            std::accumulate(blocks.begin(), blocks.end(), std::int64_t{0},
                            [](std::int64_t sum, const Box& block) { return sum + block.elements(); });
        EXPECT_EQ(elements, k * 64);
        for (const Box& block : blocks) EXPECT_EQ(block.start[1] % 16, 0);
      }
    }
  }
}

TEST(Storage, InputsOfAConcatenationLieInItsResult) {
  Graph graph;
  const ValueId x = add(graph, {1, 8, 4, 4}, DType::kU8), a = add(graph, {1, 8, 4, 4}, DType::kU8);
  const ValueId b = add(graph, {1, 8, 4, 4}, DType::kU8), y = add(graph, {1, 24, 4, 4}, DType::kU8);
  graph.inputs = {x};
  graph.outputs = {y};
  graph.nodes = {{"a", LutNode{}, {x}, a}, {"b", LutNode{}, {a}, b}, {"c", ConcatNode{1}, {a, x, b}, y}};
  const Storages storages = assign_storages(graph, isa::ChipSpec{});
  EXPECT_EQ(storages.of_value[a].storage, storages.of_value[y].storage);
  EXPECT_EQ(storages.of_value[b].offset, (std::vector<std::int64_t>{0, 16, 0, 0}));
  EXPECT_NE(storages.of_value[x].storage, storages.of_value[y].storage);  // the caller's memory
}

TEST(Storage, ChannelsThatAreNoMultipleOfFourAreCopiedIntoAConcatenation) {
  Graph graph;
  const ValueId x = add(graph, {1, 3, 4, 4}, DType::kU8), a = add(graph, {1, 3, 4, 4}, DType::kU8);
  const ValueId y = add(graph, {1, 6, 4, 4}, DType::kU8);
  graph.inputs = {x};
  graph.outputs = {y};
  graph.nodes = {{"a", LutNode{}, {x}, a}, {"c", ConcatNode{1}, {a, x}, y}};
  const Storages storages = assign_storages(graph, isa::ChipSpec{});
  EXPECT_NE(storages.of_value[a].storage, storages.of_value[y].storage);
}

TEST(Storage, AFlattenedPixelIsTheSameMemory) {
  Graph graph;
  const ValueId x = add(graph, {2, 8, 1, 1}, DType::kU8),
                y = add(graph, {2, 8}, DType::kU8, Layout::kRowMajor);
  graph.inputs = {x};
  graph.outputs = {y};
  graph.nodes = {{"flatten", ReshapeNode{}, {x}, y}};
  const Storages storages = assign_storages(graph, isa::ChipSpec{});
  EXPECT_EQ(storages.of_value[x].storage, storages.of_value[y].storage);
  EXPECT_TRUE(is_same_memory(storages, x, Box::whole({2, 8, 1, 1}), y, Box::whole({2, 8})));
}

}  // namespace
}  // namespace chengying::compiler::tiles
