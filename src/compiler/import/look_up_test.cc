// Rows that are looked up by computed numbers, and inputs that the options give a value.
#include <gtest/gtest.h>

#include "compiler/import/testing.h"

namespace chengying::compiler {
namespace {

using testing::OneNode;
using testing::tensor;

Tensor table(Shape shape) {
  Tensor result(DType::kF32, std::move(shape));
  for (std::int64_t i = 0; i < result.elements(); ++i) result.as<float>()[i] = static_cast<float>(i);
  return result;
}

std::vector<float> looked_up(Shape shape, std::int64_t axis, const Tensor& numbers, Shape* to = nullptr) {
  const auto outputs = testing::run(
      {.op = "Gather", .attributes = {{"axis", axis}}, .inputs = {table(std::move(shape)), numbers}});
  EXPECT_TRUE(outputs) << outputs.error().message;
  if (!outputs) return {};
  if (to != nullptr) *to = outputs->front().shape();
  const auto values = outputs->front().as<float>();
  return {values.begin(), values.end()};
}

TEST(LookUp, RowsByNumbersOfEitherTypeCountedFromTheEndIfNegative) {
  Shape shape;
  const Tensor wide = tensor<std::int64_t>(DType::kI64, {2, 1}, {2, -3});
  EXPECT_EQ(looked_up({3, 2}, 0, wide, &shape), (std::vector<float>{4, 5, 0, 1}));
  EXPECT_EQ(shape, (Shape{2, 1, 2}));
  EXPECT_EQ(looked_up({3, 2}, 0, tensor<std::int32_t>(DType::kI32, {1}, {1})), (std::vector<float>{2, 3}));
}

TEST(LookUp, AlongAMiddleAxisAndByOneNumber) {
  Shape shape;
  const Tensor one = tensor<std::int64_t>(DType::kI64, {}, {1});
  EXPECT_EQ(looked_up({2, 3, 2}, 1, one, &shape), (std::vector<float>{2, 3, 8, 9}));
  EXPECT_EQ(shape, (Shape{2, 2}));
}

TEST(LookUp, NumbersThatAreNotWholeAreBroken) {
  const auto graph = testing::import({.op = "Gather", .inputs = {table({3, 2}), table({2})}});
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Code::kInvalidArgument);
  EXPECT_EQ(graph.error().message, "node 'node' (Gather): indices are f32; i32 and i64 are defined");
}

/// y = x + rate, with `rate` a whole number.
OnnxModel with_rate() {
  OnnxModel model;
  model.opsets[""] = 13;
  model.inputs = {{.name = "x", .dtype = DType::kI64, .shape = {{.size = -1, .symbol = "n"}}},
                  {.name = "rate", .dtype = DType::kI64, .shape = {}}};
  model.outputs = {{.name = "y", .dtype = DType::kI64, .shape = {}}};
  model.nodes = {{.name = "add",
                  .op = "Add",
                  .domain = {},
                  .inputs = {"x", "rate"},
                  .outputs = {"y"},
                  .attributes = {}}};
  return model;
}

TEST(BoundValues, AnInputThatIsGivenAValueIsAConstant) {
  const auto graph = import_onnx(with_rate(), {.batch = 2, .dimensions = {{"rate", 16000}}});
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->inputs.size(), 1u);
  const Tensor y = interpret(*graph, {tensor<std::int64_t>(DType::kI64, {2}, {1, 2})})[0];
  EXPECT_EQ(y.as<std::int64_t>()[0], 16001);
  EXPECT_EQ(y.as<std::int64_t>()[1], 16002);
}

TEST(BoundValues, WithoutAValueItStaysAnInput) {
  const auto graph = import_onnx(with_rate(), {.batch = 2, .dimensions = {}});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->inputs.size(), 2u);
}

TEST(BoundValues, AnOpenBatchOfTheFirstInputLeavesFixedSizesOfOthersAlone) {
  OnnxModel model = with_rate();
  model.inputs[1] = {.name = "state", .dtype = DType::kI64, .shape = {{.size = 3, .symbol = {}}}};
  model.nodes[0] = {.name = "copy",
                    .op = "Identity",
                    .domain = {},
                    .inputs = {"state"},
                    .outputs = {"y"},
                    .attributes = {}};
  const auto graph = import_onnx(model, {.batch = 2, .dimensions = {}});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->value(graph->inputs[1]).shape, (Shape{3}));
}

}  // namespace
}  // namespace chengying::compiler
