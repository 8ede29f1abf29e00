// A search changes when things happen and never what is computed; it is never slower than the compiler's own
// choice, repeats itself to the byte, and finds what is known to be better.
#include <gtest/gtest.h>

#include <algorithm>

#include "chip_runner.h"
#include "compiler/graph/interpret.h"
#include "compiler/tiles/build.h"
#include "compiler/tiles/choose.h"
#include "compiler/tiles/search.h"
#include "random_graph.h"
#include "resnet_graph.h"
#include "timing/timing.h"

namespace chengying::compiler {
namespace {

using testing::chip_named;

Searching tries(std::size_t count) {
  return {.goes_on = [count](std::size_t done) { return done < count; }};
}

isa::Executable searched(const std::vector<BatchGraph>& graphs, const isa::ChipSpec& chip,
                         std::uint16_t cores, Searching& searching) {
  auto lowered = lower(graphs, chip, cores, nullptr, &searching);
  EXPECT_TRUE(lowered.has_value()) << lowered.error().message;
  return lowered ? *std::move(lowered) : isa::Executable{};
}

struct Slice {
  const char* chip;
  std::uint16_t cores;
};
constexpr Slice kSlices[] = {
    {"host", 1}, {"host", 2}, {"hanguang800", 1}, {"hanguang800", 4}, {"kunlun1", 3}};

TEST(Search, ASearchedProgramGivesTheInterpretersBytes) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const Slice slice = kSlices[seed % std::size(kSlices)];
    SCOPED_TRACE(fmt::format("seed {} on {} cores of {}", seed, slice.cores, slice.chip));
    const isa::ChipSpec chip = chip_named(slice.chip);
    const std::vector<BatchGraph> graphs{testing::random_graph(seed, 1, {.nodes = 3 + seed % 10}),
                                         testing::random_graph(seed, 3, {.nodes = 3 + seed % 10})};
    Searching searching = tries(40);
    const auto executable =
        std::make_shared<const isa::Executable>(searched(graphs, chip, slice.cores, searching));
    for (const BatchGraph& bound : graphs) {
      const std::vector<Tensor> inputs = testing::random_inputs(bound.graph, 1);
      const std::vector<Tensor> expected = interpret(bound.graph, inputs);
      const std::vector<Tensor> outputs = testing::run(executable, chip, bound.batch, inputs);
      ASSERT_EQ(outputs.size(), expected.size());
      for (std::size_t i = 0; i < outputs.size(); ++i)
        ASSERT_TRUE(std::ranges::equal(outputs[i].bytes(), expected[i].bytes())) << "output " << i << "\n"
                                                                                 << isa::print(*executable);
    }
  }
}

/// Cuts every node into pieces, which only pays where engines then overlap.
tiles::Decisions in_pieces(const Graph& graph, std::int32_t pieces) {
  const std::size_t nodes = graph.nodes.size();
  return {std::vector<tiles::Split>(nodes), std::vector<std::int32_t>(nodes, pieces)};
}

TEST(Search, PiecesPassTheCheck) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const BatchGraph bound = testing::random_graph(seed, 2, {.nodes = 8});
    tiles::ConstantPool pool;
    for (const std::int32_t pieces : {2, 3, 100}) {
      const auto built = tiles::build(bound.graph, 2, in_pieces(bound.graph, pieces), chip, 1, pool);
      ASSERT_TRUE(built.has_value()) << built.error().message;
      const Status checked = tiles::check(*built);
      EXPECT_TRUE(checked.has_value()) << checked.error().message;
    }
  }
}

TEST(Search, IsNeverSlowerByTheModelThanTheCompilersOwnChoice) {
  for (std::uint32_t seed = 100; seed < 130; ++seed) {
    const Slice slice = kSlices[seed % std::size(kSlices)];
    SCOPED_TRACE(fmt::format("seed {} on {} cores of {}", seed, slice.cores, slice.chip));
    const isa::ChipSpec chip = chip_named(slice.chip);
    const std::vector<BatchGraph> graphs{testing::random_graph(seed, 1, {.nodes = 8}),
                                         testing::random_graph(seed, 2, {.nodes = 8})};
    const auto plain = lower(graphs, chip, slice.cores);
    ASSERT_TRUE(plain.has_value()) << plain.error().message;
    Searching searching = tries(30);
    const isa::Executable found = searched(graphs, chip, slice.cores, searching);
    ASSERT_EQ(searching.report.gains.size(), graphs.size());
    for (std::size_t i = 0; i < graphs.size(); ++i) {
      const std::uint64_t before = timing::walk(plain->programs[i], chip, slice.cores).cycles;
      const std::uint64_t after = timing::walk(found.programs[i], chip, slice.cores).cycles;
      EXPECT_LE(after, before);
      EXPECT_EQ(searching.report.gains[i], (SearchReport::Gain{graphs[i].batch, before, after}));
    }
  }
}

TEST(Search, AsManyTriesGiveTheSameFile) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  const std::vector<BatchGraph> graphs{testing::resnet50(1, 16, 64)};
  Searching first = tries(25), second = tries(25), longer = tries(300);
  const isa::Executable one = searched(graphs, chip, 4, first);
  EXPECT_EQ(isa::encode(one), isa::encode(searched(graphs, chip, 4, second)));
  EXPECT_EQ(first.report.tries, 25U);
  searched(graphs, chip, 4, longer);
  EXPECT_LE(longer.report.gains[0].cycles_after, first.report.gains[0].cycles_after);
  EXPECT_LT(longer.report.gains[0].cycles_after, longer.report.gains[0].cycles_before);
}

/// A convolution, and a maximum over its windows: the one is the tensor engine's, the other the vector
/// engine's.
BatchGraph two_engines() {
  Graph graph;
  const auto value = [&](const char* name, DType dtype, Shape shape) {
    Value result;
    result.name = name;
    result.dtype = dtype;
    result.shape = std::move(shape);
    return result;
  };
  Value x = value("x", DType::kF32, {1, 32, 64, 64});
  graph.inputs.push_back(graph.add(x));
  const auto byte_image = [&](const char* name) {
    Value image = value(name, DType::kU8, {1, 32, 64, 64});
    image.quantisation = Quantisation{{0.05F}, 3, 0};
    image.layout = Layout::kChannelsLast;
    return graph.add(std::move(image));
  };
  const ValueId bytes = byte_image("bytes"), sums = byte_image("sums"), largest = byte_image("largest");
  Value weights = value("w", DType::kI8, {32, 32, 1, 1});
  weights.quantisation = Quantisation{{0.02F}, 0, 0};
  weights.constant = std::make_shared<const Tensor>(DType::kI8, weights.shape);
  const ValueId w = graph.add(std::move(weights));
  const ValueId y = graph.add(value("y", DType::kF32, {1, 32, 64, 64}));
  isa::Window window;
  window.kernel_h = window.kernel_w = 3;
  window.pad_top = window.pad_left = 1;
  graph.nodes.push_back({"quantise", QuantiseNode{}, {graph.inputs[0]}, bytes});
  graph.nodes.push_back({"conv", ConvNode{}, {bytes, w, kNoValue}, sums});
  graph.nodes.push_back({"pool", PoolNode{isa::PoolKind::kMax, window}, {sums}, largest});
  graph.nodes.push_back({"dequantise", DequantiseNode{}, {largest}, y});
  graph.outputs.push_back(y);
  return {1, std::move(graph)};
}

TEST(Search, FindsAScheduleThatIsKnownToBeBetter) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  const BatchGraph bound = two_engines();
  tiles::ConstantPool pool;
  auto own = choose(bound.graph, 1, chip, 1, pool);
  ASSERT_TRUE(own.has_value()) << own.error().message;
  const auto known = evaluate(bound.graph, 1, in_pieces(bound.graph, 4), chip, 1, pool);
  ASSERT_TRUE(known.has_value());
  ASSERT_LT(known->cycles, own->front().cycles) << "engines that overlap are faster";
  tiles::Search search(bound.graph, 1, chip, 1, pool, own->front());
  while (search.tries() < 40 && search.try_one()) {
  }
  EXPECT_LE(search.best().cycles, known->cycles);
}

TEST(Search, EndsWhereThereIsNothingToChoose) {
  BatchGraph bound;  // its input is its output
  Value x;
  x.name = "x";
  x.shape = {1, 4};
  bound.graph.inputs.push_back(bound.graph.add(x));
  bound.graph.outputs = bound.graph.inputs;
  Searching searching = tries(1000);
  searched({bound}, chip_named("host"), 1, searching);
  EXPECT_EQ(searching.report.tries, 0U);
  EXPECT_EQ(searching.report.gains[0].cycles_after, searching.report.gains[0].cycles_before);
}

TEST(Search, StopsWhenItIsToldTo) {
  const std::vector<BatchGraph> graphs{testing::random_graph(3, 1, {.nodes = 6})};
  Searching searching = tries(7);
  searched(graphs, chip_named("hanguang800"), 2, searching);
  EXPECT_EQ(searching.report.tries, 7U);
}

}  // namespace
}  // namespace chengying::compiler
