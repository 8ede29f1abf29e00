// "How to add an operator" of docs/compiler.md, as it is printed there: it must compile, and do what it says.
#include <gtest/gtest.h>

#include "compiler/graph/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

#include "worked_example.inc"

/// A graph of one Foo on x[4].
struct Example {
  LoweringState state;
  OnnxNode node{
      .name = "foo", .op = "Foo", .domain = {}, .inputs = {"x"}, .outputs = {"y"}, .attributes = {}};

  explicit Example(DType dtype) {
    state.graph.inputs = {
        state.graph.add({.name = "x", .dtype = dtype, .shape = {4}, .quantisation = {}, .constant = {}})};
    state.dequantised_from = {kNoValue};
    state.names.emplace("x", state.graph.inputs[0]);
  }
  Status lower() {
    NodeLowering lowering(state, node, 18);
    return lower_foo(lowering);
  }
};

TEST(WorkedExample, ComputesItsFormula) {
  Example example(DType::kF32);
  ASSERT_TRUE(example.lower());
  example.state.graph.outputs = {example.state.names.at("y")};
  ASSERT_TRUE(check(example.state.graph));
  Tensor x(DType::kF32, {4});
  std::ranges::copy(std::vector{-1.5F, 0.0F, 0.25F, 3.0F}, x.as<float>().begin());
  const Tensor y = interpret(example.state.graph, {x})[0];
  const std::vector<float> found(y.as<float>().begin(), y.as<float>().end());
  EXPECT_EQ(found, (std::vector{0.0F, 0.0F, 0.5F, 6.0F}));
}

TEST(WorkedExample, RefusesWhatItSaysItRefuses) {
  Example example(DType::kI64);
  const Status status = example.lower();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace chengying::compiler
