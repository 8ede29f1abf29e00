#include "compiler/passes/equalise.h"

#include <gtest/gtest.h>

#include "compiler/graph/interpret.h"
#include "compiler/passes/channel_groups.h"
#include "compiler/passes/choose_layers.h"
#include "compiler/passes/graphs_for_test.h"

namespace chengying::compiler {
namespace {

using testing::kRelu;
using testing::Sketch;

/// Convolutions with and without relu, depthwise ones, additions and maxima, with channels of all sizes.
Sketch random_sketch(std::uint32_t seed) {
  Sketch s(seed);
  const std::int64_t c = 2 + s.below(5);
  std::vector<ValueId> images{s.conv("conv0", s.input({1, 3, 4, 4}), c)};
  for (int i = 1; i < 9; ++i) {
    const ValueId x = images[static_cast<std::size_t>(s.below(static_cast<std::int64_t>(images.size())))];
    const std::string name = "layer" + std::to_string(i);
    const ValueId other = images.back();
    switch (s.below(5)) {
      case 0:
        images.push_back(s.add(name, x, other, s.below(2) == 0 ? 0 : -isa::kInfinity));
        break;
      case 1:
        images.push_back(s.conv(name, x, c, kRelu, true));
        break;
      case 2:
        images.push_back(s.node(name, UnaryNode{isa::UnaryKind::kRelu}, {x}, s.graph.value(x).shape));
        break;
      default:
        images.push_back(s.conv(name, x, c, s.below(2) == 0 ? kRelu : Fused{}));
        testing::scale_channel(s.graph, name, static_cast<std::size_t>(s.below(c)), s.real(0.01F, 90));
    }
  }
  s.graph.outputs = {s.conv("last", images.back(), 2)};
  return s;
}

TEST(Equalise, KeepsWhatTheGraphComputesToTheBit) {
  std::size_t equalised = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    Sketch s = random_sketch(seed);
    const auto plan = calibrate(s.graph, s.samples(3), {});
    ASSERT_TRUE(plan) << plan.error().message;
    const auto groups = groups_to_equalise(s.graph, *plan);
    equalised += groups.size();
    Graph after = s.graph;
    equalise(after, groups);
    for (int i = 0; i < 3; ++i) {
      const std::vector<Tensor> inputs{s.numbers({1, 3, 4, 4})};
      const auto a = interpret(s.graph, inputs), b = interpret(after, inputs);
      EXPECT_TRUE(std::ranges::equal(a[0].bytes(), b[0].bytes())) << "seed " << seed;
    }
  }
  EXPECT_GT(equalised, 60u);
}

TEST(Equalise, AResidualStreamIsOneGroupWithAllThatMakeAndReadIt) {
  Sketch s(1);
  const ValueId first = s.conv("first", s.input({1, 3, 2, 2}), 4, kRelu);
  const ValueId branch = s.conv("branch", first, 4);
  const ValueId sum = s.add("sum", first, branch, 0);
  s.graph.outputs = {s.conv("last", sum, 2)};
  const auto groups = channel_groups(s.graph);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].makers, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(groups[0].readers, (std::vector<std::uint32_t>{1, 3}));
}

TEST(Equalise, ABoundOtherThanZeroOrAnOutputKeepsChannelsAsTheyAre) {
  for (const bool bound : {true, false}) {
    Sketch s(1);
    const ValueId x = s.conv("first", s.input({1, 3, 2, 2}), 4,
                             {.inner = {}, .low = 0, .high = bound ? 6 : isa::kInfinity});
    s.graph.outputs = {s.conv("last", x, 2)};
    EXPECT_EQ(channel_groups(s.graph).size(), bound ? 0u : 1u);
    s.graph.outputs.push_back(x);
    EXPECT_TRUE(channel_groups(s.graph).empty());
  }
}

/// A chain in which one channel is 60 times as large as the others.
Sketch uneven_chain() {
  Sketch s(3);
  const ValueId x = s.conv("first", s.input({1, 4, 4, 4}), 16, kRelu);
  s.graph.outputs = {s.conv("last", x, 8)};
  testing::scale_channel(s.graph, "first", 5, 60);
  Tensor weights = *s.graph.value(s.graph.nodes[1].inputs[1]).constant;
  for (std::size_t k = 0; k < 8; ++k) weights.as<float>()[k * 16 + 5] /= 60;
  s.graph.value(s.graph.nodes[1].inputs[1]).constant = std::make_shared<const Tensor>(std::move(weights));
  return s;
}

/// As quantise_model() does it.
Result<Rounding> measured(const Graph& graph, const Calibration& samples) {
  Rounding rounding;
  rounding.graph = graph;
  TRY_ASSIGN(rounding.plan, calibrate(graph, samples, {}));
  rounding.layers = layers_of(graph, rounding.plan);
  rounding.reasons.resize(rounding.layers.size());
  LayerMeter meter(graph, rounding.layers, samples, {});
  TRY(meter.prepare());
  TRY_ASSIGN(rounding.alone, meter.alone(graph, rounding.plan));
  TRY_ASSIGN(rounding.together, meter.together(graph, rounding.plan));
  return rounding;
}

TEST(Equalise, OneLargeChannelNoLongerSetsTheStepOfAll) {
  Sketch s = uneven_chain();
  const Calibration samples = s.samples(4);
  auto rounding = measured(s.graph, samples);
  ASSERT_TRUE(rounding) << rounding.error().message;
  const double before = rounding->together.answer;
  LayerMeter meter(s.graph, rounding->layers, samples, {});
  ASSERT_TRUE(meter.prepare());
  const auto equalised = equalise_where_it_helps(*rounding, meter, samples, samples, {});
  ASSERT_TRUE(equalised) << equalised.error().message;
  EXPECT_TRUE(*equalised);
  EXPECT_GT(rounding->together.answer, before + 6);
  EXPECT_EQ(rounding->reasons[1], "input equalised");
}

TEST(Equalise, WhatDoesNotHelpIsLeft) {
  Sketch s(4);  // even channels: nothing to gain
  const ValueId x = s.conv("first", s.input({1, 4, 4, 4}), 16, {.inner = {}, .low = 0, .high = 6});
  s.graph.outputs = {s.conv("last", x, 8)};
  const Calibration samples = s.samples(4);
  auto rounding = measured(s.graph, samples);
  ASSERT_TRUE(rounding);
  LayerMeter meter(s.graph, rounding->layers, samples, {});
  ASSERT_TRUE(meter.prepare());
  EXPECT_FALSE(*equalise_where_it_helps(*rounding, meter, samples, samples, {}));
}

}  // namespace
}  // namespace chengying::compiler
