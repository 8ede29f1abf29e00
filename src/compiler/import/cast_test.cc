// Casts to 16-bit floats round as ONNX says, to nearest even, and are held as the f32 of the same value.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "compiler/graph/interpret.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kFloat16 = 10, kDouble = 11, kBfloat16 = 16;
constexpr float kInf = std::numeric_limits<float>::infinity();

/// x[6] -> Cast -> y, as a graph after the simplifying passes.
Result<Graph> cast_graph(std::int64_t to) {
  OnnxModel model;
  model.opsets[""] = 13;
  model.inputs = {{.name = "x", .dtype = DType::kF32, .shape = {{.size = 6, .symbol = {}}}}};
  model.outputs = {{.name = "y", .dtype = DType::kF32, .shape = {{.size = 6, .symbol = {}}}}};
  model.nodes = {
      {.name = "cast", .op = "Cast", .domain = {}, .inputs = {"x"}, .outputs = {"y"}, .attributes = {}}};
  model.nodes[0].attributes["to"] = to;
  TRY_ASSIGN(Graph graph, import_onnx(model, {.batch = 6, .dimensions = {}}));
  PassLog log;
  TRY(run_passes(simplifying_passes(), graph, log));
  return graph;
}

std::vector<float> cast(std::int64_t to, const std::array<float, 6>& values) {
  const Result<Graph> graph = cast_graph(to);
  EXPECT_TRUE(graph);
  if (!graph) return {};
  Tensor x(DType::kF32, {6});
  std::ranges::copy(values, x.as<float>().begin());
  const std::vector<Tensor> y = interpret(*graph, {x});
  EXPECT_EQ(y[0].dtype(), DType::kF32);
  return {y[0].as<float>().begin(), y[0].as<float>().end()};
}

TEST(Cast, ToBfloat16RoundsToNearestEven) {
  const std::vector<float> y =
      cast(kBfloat16, {0.48033667F, 1 + 0x1p-8F, 1 + 0x3p-8F, 3.4e38F, -kInf, 1e-3F});
  EXPECT_EQ(y, (std::vector{0.48046875F, 1.0F, 1 + 0x1p-6F, kInf, -kInf, 0x1.06p-10F}));
}

TEST(Cast, ToFloat16RoundsToNearestEvenAndOverflowsToInfinity) {
  const std::vector<float> y = cast(kFloat16, {0.1F, 1 + 0x1p-11F, 1 + 0x3p-11F, 65520, -65519, 1e-9F});
  EXPECT_EQ(y, (std::vector{0x1.998p-4F, 1.0F, 1 + 0x1p-9F, kInf, -65504.0F, 0.0F}));
}

TEST(Cast, ToDoubleKeepsWhatIsComputed) {
  const Result<Graph> graph = cast_graph(kDouble);
  ASSERT_TRUE(graph);
  const std::array<float, 6> values{0.1F, 1 + 0x1p-23F, -3, kInf, 3.4e38F, 1e-30F};
  EXPECT_EQ(cast(kDouble, values), std::vector(values.begin(), values.end()));
}

TEST(Cast, ToATypeThatNothingHoldsIsRefusedByItsNumber) {
  const Result<Graph> graph = cast_graph(8);  // string
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Code::kUnsupported);
  EXPECT_EQ(graph.error().message,
            "1 node of the model can't be compiled:\n  'cast' (Cast) on f32[6]: a cast to ONNX type 8");
}

}  // namespace
}  // namespace chengying::compiler
