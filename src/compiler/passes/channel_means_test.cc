#include "compiler/passes/channel_means.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compiler/graph/interpret.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kChannels = 100;

/// One large weight, so that a step is 1/127, and many of 0.44 steps, which all round to 0.
Graph product_of_small_weights() {
  Graph graph;
  const ValueId x = graph.add({.name = "x", .shape = {1, kChannels}, .quantisation = {}, .constant = {}});
  auto weights = std::make_shared<Tensor>(DType::kF32, Shape{1, kChannels});
  std::ranges::fill(weights->as<float>(), 0.44F / 127);
  weights->as<float>()[0] = 1;
  const ValueId w =
      graph.add({.name = "w", .shape = {1, kChannels}, .quantisation = {}, .constant = std::move(weights)});
  const ValueId y = graph.add({.name = "y", .shape = {1, 1}, .quantisation = {}, .constant = {}});
  graph.nodes.push_back({"product", DenseNode{}, {x, w, kNoValue}, y});
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

Calibration samples_of(float low, float high) {
  Calibration calibration;
  for (int i = 0; i < 8; ++i) {
    Tensor sample(DType::kF32, {1, kChannels});
    for (std::int64_t c = 0; c < kChannels; ++c)
      sample.as<float>()[static_cast<std::size_t>(c)] =
          low + (high - low) * static_cast<float>((i * 7 + c * 3) % 16) / 15;
    calibration.samples.push_back({{"x", std::move(sample)}});
  }
  return calibration;
}

TEST(ChannelMeans, WhatRoundingTakesFromAllSumsIsGivenBackByTheBias) {
  const Graph graph = product_of_small_weights();
  const Calibration calibration = samples_of(0.9F, 1.1F);
  auto plan = calibrate(graph, calibration, {});
  ASSERT_TRUE(plan) << plan.error().message;
  Graph corrected = graph, uncorrected = graph;
  ASSERT_TRUE(insert_quantisers(corrected, *plan));
  plan->means.clear();
  ASSERT_TRUE(insert_quantisers(uncorrected, *plan));
  for (const auto& sample : calibration.samples) {
    const std::vector<Tensor> inputs{sample.at("x")};
    const float real = interpret(graph, inputs)[0].as<float>()[0];
    EXPECT_NEAR(interpret(uncorrected, inputs)[0].as<float>()[0], real - 99 * 0.44F / 127, 0.05F);
    EXPECT_NEAR(interpret(corrected, inputs)[0].as<float>()[0], real, 0.05F);
  }
}

TEST(ChannelMeans, MeansAreOfEachChannelBeforeAndAfterRounding) {
  const Graph graph = product_of_small_weights();
  const auto plan = calibrate(graph, samples_of(-2, 6), {});
  ASSERT_TRUE(plan) << plan.error().message;
  const ChannelMeans& means = plan->means.at(graph.inputs[0]);
  ASSERT_EQ(means.real.size(), static_cast<std::size_t>(kChannels));
  const float step = plan->activations.at(graph.inputs[0]).scale();
  double expected = 0;
  for (int i = 0; i < 8; ++i) expected += (-2 + 8.0 * ((i * 7 + 5 * 3) % 16) / 15) / 8;
  EXPECT_NEAR(means.real[5], expected, 1e-5);
  EXPECT_NEAR(means.rounded[5], expected, step / 2);
  EXPECT_NE(means.rounded[5], means.real[5]);
}

TEST(ChannelMeans, GroupsReadTheirOwnChannels) {
  Tensor weights(DType::kF32, {4, 1, 1, 1});
  std::ranges::fill(weights.as<float>(), 1.0F);
  const std::vector<float> rounded{1, 1, 1, 0.5F};
  const ChannelMeans means{{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}};
  EXPECT_EQ(bias_correction(weights, rounded, 4, means), (std::vector<double>{0, 0, 0, 2}));
}

}  // namespace
}  // namespace chengying::compiler
