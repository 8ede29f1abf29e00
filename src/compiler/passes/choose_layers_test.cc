#include "compiler/passes/choose_layers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/graph/interpret.h"
#include "compiler/passes/graphs_for_test.h"

namespace chengying::compiler {
namespace {

using testing::kRelu;
using testing::Sketch;

/// Four layers; of the third, one weight of each output channel is 300 times as large as the others, and
/// reads what is always 0: bytes have no steps left for the others.
Sketch fragile_third() {
  Sketch s(7);
  ValueId x = s.input({1, 6, 5, 5});
  for (const char* name : {"first", "second"}) x = s.conv(name, x, 12, kRelu);
  testing::scale_channel(s.graph, "second", 0, 0);
  x = s.conv("third", x, 12, kRelu);
  Tensor weights = *s.graph.value(s.graph.nodes[2].inputs[1]).constant;
  for (std::size_t k = 0; k < 12; ++k) weights.as<float>()[k * 12] = 300;
  s.graph.value(s.graph.nodes[2].inputs[1]).constant = std::make_shared<const Tensor>(std::move(weights));
  s.graph.outputs = {s.conv("fourth", x, 8)};
  return s;
}

class KeepLayers : public ::testing::Test {
 protected:
  Sketch sketch_ = fragile_third();
  Calibration samples_ = sketch_.samples(4);
  Rounding rounding_;
  std::optional<LayerMeter> meter_;

  void SetUp() override {
    rounding_.graph = sketch_.graph;
    auto plan = calibrate(rounding_.graph, samples_, {});
    ASSERT_TRUE(plan);
    rounding_.plan = *std::move(plan);
    rounding_.layers = layers_of(rounding_.graph, rounding_.plan);
    rounding_.reasons.resize(rounding_.layers.size());
    meter_.emplace(rounding_.graph, rounding_.layers, samples_, progress_);
    ASSERT_TRUE(meter_->prepare());
    rounding_.alone = *meter_->alone(rounding_.graph, rounding_.plan);
    rounding_.together = *meter_->together(rounding_.graph, rounding_.plan);
  }

  std::set<std::string> kept() const {
    std::set<std::string> names;
    for (const Node& node : rounding_.graph.nodes)
      if (rounding_.plan.kept.contains(node.output)) names.insert(node.name);
    return names;
  }

 private:
  Progress progress_;
};

TEST_F(KeepLayers, TheLayerThatLosesMostByItselfIsKnown) {
  ASSERT_EQ(rounding_.layers.size(), 4u);
  EXPECT_EQ(std::ranges::min_element(rounding_.alone) - rounding_.alone.begin(), 2);
  EXPECT_LT(rounding_.alone[2], 10);
  for (const std::size_t i : {0u, 1u, 3u}) EXPECT_GT(rounding_.alone[i], 30);
}

TEST_F(KeepLayers, ATargetKeepsWhatItTakesAndNoMore) {
  ASSERT_LT(rounding_.together.answer, 15);
  ASSERT_TRUE(keep_what_loses_most(rounding_, {.keep = 100, .target_db = 25}, *meter_));
  EXPECT_GE(rounding_.together.answer, 25);
  EXPECT_EQ(kept(), (std::set<std::string>{"third"}));
  EXPECT_TRUE(rounding_.reasons[2].starts_with("kept: int8 would make the answer ")) << rounding_.reasons[2];
}

TEST_F(KeepLayers, ANumberKeepsAtMostSoMany) {
  ASSERT_TRUE(keep_what_loses_most(rounding_, {.keep = 2, .target_db = {}}, *meter_));
  EXPECT_EQ(kept().size(), 2u);
  EXPECT_TRUE(kept().contains("third"));
}

TEST_F(KeepLayers, ATargetThatIsReachedAlreadyKeepsNothing) {
  ASSERT_TRUE(keep_what_loses_most(rounding_, {.keep = 100, .target_db = 1}, *meter_));
  EXPECT_TRUE(kept().empty());
}

TEST_F(KeepLayers, WhatIsKeptHasItsWeightsInBf16AndComputesInRealNumbers) {
  ASSERT_TRUE(keep_what_loses_most(rounding_, {.keep = 1, .target_db = {}}, *meter_));
  Graph rounded = rounding_.graph;
  ASSERT_TRUE(insert_quantisers(rounded, rounding_.plan));
  std::size_t halves = 0, bytes = 0;
  for (const Value& value : rounded.values) {
    if (value.constant == nullptr) continue;
    halves += value.constant->dtype() == DType::kBF16 ? 1 : 0;
    bytes += value.constant->dtype() == DType::kI8 ? 1 : 0;
  }
  EXPECT_EQ(halves, 1u);
  EXPECT_EQ(bytes, 3u);
  const auto& third = *std::ranges::find(rounded.nodes, "third", &Node::name);
  EXPECT_EQ(rounded.value(third.output).dtype, DType::kF32);
}

}  // namespace
}  // namespace chengying::compiler
