// What lower() makes, run on the chip, gives the interpreter's bytes: for random graphs, on every chip and
// slice.
#include <gtest/gtest.h>

#include <algorithm>

#include "chip_runner.h"
#include "compiler/emit.h"
#include "compiler/graph/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/graph/print.h"
#include "random_graph.h"

namespace chengying::compiler {
namespace {

using testing::chip_named;
using testing::GraphOptions;

constexpr std::uint32_t kSeeds = 60;

std::vector<BatchGraph> random_graphs(std::uint32_t seed, const std::vector<std::int32_t>& batches,
                                      const GraphOptions& options) {
  std::vector<BatchGraph> graphs;
  for (const std::int32_t batch : batches) {
    graphs.push_back(testing::random_graph(seed, batch, options));
    const Status checked = check(graphs.back().graph, CheckStage::kLaidOut);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
  }
  return graphs;
}

void expect_interpreted(const std::vector<BatchGraph>& graphs, isa::Executable lowered,
                        const isa::ChipSpec& chip, unsigned threads = 1,
                        chip::KernelSet kernels = chip::KernelSet::kReference) {
  const auto executable = std::make_shared<const isa::Executable>(std::move(lowered));
  for (const BatchGraph& bound : graphs) {
    const std::vector<Tensor> inputs = testing::random_inputs(bound.graph, 1);
    const std::vector<Tensor> expected = interpret(bound.graph, inputs);
    const std::vector<Tensor> outputs = testing::run(executable, chip, bound.batch, inputs, threads, kernels);
    ASSERT_EQ(outputs.size(), expected.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ASSERT_TRUE(std::ranges::equal(outputs[i].bytes(), expected[i].bytes()))
          << "output " << i << " of batch " << bound.batch << "\n"
          << print(bound.graph) << isa::print(*executable);
    }
  }
}

void expect_interpreted(std::uint32_t seed, const isa::ChipSpec& chip, std::uint16_t cores,
                        const std::vector<std::int32_t>& batches, const GraphOptions& options) {
  SCOPED_TRACE(fmt::format("seed {} on {} cores of {}", seed, cores, chip.name));
  const std::vector<BatchGraph> graphs = random_graphs(seed, batches, options);
  auto lowered = lower(graphs, chip, cores);
  ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
  expect_interpreted(graphs, *std::move(lowered), chip);
}

TEST(Lower, QuantisedGraphsOnHostGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 2), {1, 2, 3},
                       {.nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, FloatGraphsOnHostGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 2), {1, 3},
                       {.f32 = true, .nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, RowOperationsGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 2), {1, 3},
                       {.f32 = seed % 3 != 0, .nodes = 2, .rows = true});
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, QuantisedGraphsOnSramChipsGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 4), {1, 2, 5},
                       {.nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

/// The least SRAM with which the graphs can still be lowered; 0 if not even `most` suffices.
std::int64_t least_sram(const std::vector<BatchGraph>& graphs, isa::ChipSpec chip, std::uint16_t cores) {
  std::int64_t fits = chip.memory.sram_bytes, refused = 0;
  while (fits - refused > 64) {
    chip.memory.sram_bytes = refused + (fits - refused) / 2;
    (lower(graphs, chip, cores) ? fits : refused) = chip.memory.sram_bytes;
  }
  return fits;
}

TEST(Lower, ProgramsThatBarelyFitTheSramGiveTheInterpretersBytes) {
  isa::ChipSpec chip = chip_named("hanguang800");
  chip.memory.sram_bytes = 1 << 20;
  const std::int64_t room = chip.memory.sram_bytes;
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto cores = static_cast<std::uint16_t>(1 + seed % 4);
    const std::vector<BatchGraph> graphs = random_graphs(seed, {1, 4}, {.nodes = 10});
    chip.memory.sram_bytes = room;
    chip.memory.sram_bytes = least_sram(graphs, chip, cores);
    auto lowered = lower(graphs, chip, cores);
    ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
    expect_interpreted(graphs, *std::move(lowered), chip);
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, FastKernelsAndThreadsGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 100; seed < 130; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const std::vector<BatchGraph> graphs = random_graphs(seed, {1, 4}, {.f32 = seed % 3 == 0, .nodes = 10});
    auto lowered = lower(graphs, chip, 2);
    ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
    expect_interpreted(graphs, *std::move(lowered), chip, 2, chip::best_kernels());
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, InputsAndConstantsMayBeOutputs) {
  Graph graph;
  Value value;
  value.name = "x";
  value.shape = {2, 3};
  graph.inputs = {graph.add(value)};
  value.name = "constant";
  auto tensor = std::make_shared<Tensor>(DType::kF32, value.shape);
  tensor->as<float>()[5] = 7;
  value.constant = tensor;
  graph.outputs = {graph.inputs[0], graph.add(value)};
  for (const char* name : {"host", "hanguang800"}) {
    const isa::ChipSpec chip = chip_named(name);
    auto lowered = lower(std::vector{BatchGraph{1, graph}}, chip, 2);
    ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
    expect_interpreted({BatchGraph{1, graph}}, *std::move(lowered), chip);
  }
}

TEST(Lower, DimensionsBeyondFourAreCopiedInALoop) {
  Graph graph;
  Value value;
  value.name = "x";
  value.shape = {2, 3, 2, 5, 4, 3};
  graph.inputs = {graph.add(value)};
  value.name = "y";
  value.shape = {3, 4, 5, 2, 3, 2};
  graph.outputs = {graph.add(value)};
  graph.nodes.push_back({"reverse", TransposeNode{{5, 4, 3, 2, 1, 0}}, {graph.inputs[0]}, graph.outputs[0]});
  for (const char* name : {"host", "hanguang800"}) {
    const isa::ChipSpec chip = chip_named(name);
    auto lowered = lower(std::vector{BatchGraph{2, graph}}, chip, 2);
    ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
    expect_interpreted({BatchGraph{2, graph}}, *std::move(lowered), chip);
  }
}

TEST(Lower, TheSameGraphGivesTheSameFile) {
  for (const char* name : {"host", "hanguang800"}) {
    const isa::ChipSpec chip = chip_named(name);
    const std::vector<BatchGraph> graphs = random_graphs(7, {1, 3}, {.nodes = 12});
    const auto first = lower(graphs, chip, 2),
               second = lower(random_graphs(7, {1, 3}, {.nodes = 12}), chip, 2);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(isa::encode(*first), isa::encode(*second)) << name;
  }
}

}  // namespace
}  // namespace chengying::compiler
