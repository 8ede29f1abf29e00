// Compile time grows with the nodes and not with their square: a chain of 100,000 nodes, half of which fuse,
// and what it takes beside one of 12,500, in the processor's own time.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <ctime>

#include "chip_runner.h"
#include "compiler/compile.h"
#include "compiler/passes/passes.h"

namespace chengying::compiler {
namespace {

void add_port(onnx::ValueInfoProto& port, const std::string& name) {
  port.set_name(name);
  auto* type = port.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : {1, 16}) type->mutable_shape()->add_dim()->set_dim_value(size);
}

/// x -> Sigmoid -> Mul (a SiLU together) -> Add(what was three before) -> Relu (its bound) -> ...
std::shared_ptr<const std::string> chain_of(int nodes) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto& graph = *model.mutable_graph();
  graph.set_name("chain");
  add_port(*graph.add_input(), "v0");
  for (int i = 1; i <= nodes; ++i) {
    auto& node = *graph.add_node();
    static constexpr const char* kOperators[] = {"Relu", "Sigmoid", "Mul", "Add"};
    static constexpr int kSecondOperand[] = {0, 0, 2, 3};  // how many before; 0: there is none
    const int back = kSecondOperand[i % 4];
    node.set_op_type(kOperators[i % 4]);
    node.set_name("n" + std::to_string(i));
    node.add_input("v" + std::to_string(i - 1));
    if (back != 0) node.add_input("v" + std::to_string(std::max(0, i - back)));
    node.add_output("v" + std::to_string(i));
  }
  add_port(*graph.add_output(), "v" + std::to_string(nodes));
  return std::make_shared<const std::string>(model.SerializeAsString());
}

double seconds_for(int nodes, const isa::ChipSpec& chip) {
  const auto bytes = chain_of(nodes);
  const std::clock_t start = std::clock();
  const auto output = compile({.path = {}, .bytes = bytes}, chip, {});
  EXPECT_TRUE(output) << output.error().message;
  if (output) {
    EXPECT_EQ(output->executable.programs.front().instructions.size(), static_cast<std::size_t>(nodes / 2));
    for (const PassReport& pass : output->passes)
      if (pass.milliseconds > 200)
        fmt::print("  {} of {} nodes: {:.0f} ms\n", pass.name, pass.nodes_before, pass.milliseconds);
  }
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// x -> Dequantise -> Add(itself) -> Quantise -> ...: each three nodes become one on integers.
Graph quantised_chain(std::size_t additions) {
  Graph graph;
  const auto add_value = [&](DType dtype) {
    Value value;
    value.dtype = dtype;
    value.shape = {1, 16};
    if (dtype == DType::kU8) value.quantisation = Quantisation{{0.05F}, 3, 0};
    value.name = fmt::format("v{}", graph.values.size());
    return graph.add(std::move(value));
  };
  ValueId bytes = add_value(DType::kU8);
  graph.inputs.push_back(bytes);
  for (std::size_t i = 0; i < additions; ++i) {
    const ValueId real = add_value(DType::kF32), sum = add_value(DType::kF32), next = add_value(DType::kU8);
    graph.nodes.push_back({fmt::format("d{}", i), DequantiseNode{}, {bytes}, real});
    graph.nodes.push_back({fmt::format("a{}", i), BinaryNode{isa::BinaryKind::kAdd}, {real, real}, sum});
    graph.nodes.push_back({fmt::format("q{}", i), QuantiseNode{}, {sum}, next});
    bytes = next;
  }
  graph.outputs.push_back(bytes);
  return graph;
}

double seconds_of_make_integer(std::size_t additions) {
  Graph graph = quantised_chain(additions);
  Notes notes;
  const std::clock_t start = std::clock();
  make_integer(graph, notes);
  EXPECT_EQ(graph.nodes.size(), additions);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(Scale, IntegersAreMadeInLinearTime) {
  const double small = seconds_of_make_integer(16'000), large = seconds_of_make_integer(128'000);
  fmt::print("48,000 quantised nodes: {:.3f} s; 384,000: {:.3f} s\n", small, large);
  EXPECT_LT(large, 8 * small * 4) << "eight times the nodes";  // a square would be 64 times
}

TEST(Scale, CompileTimeIsLinearInTheNodes) {
  const isa::ChipSpec chip = testing::chip_named("host");
  seconds_for(500, chip);  // what is paid once
  const double small = seconds_for(12'500, chip), large = seconds_for(100'000, chip);
  fmt::print("12,500 nodes: {:.2f} s; 100,000 nodes: {:.2f} s\n", small, large);
  EXPECT_LT(large, 8 * small * 2.5) << "eight times the nodes";  // a square would be 64 times
}

}  // namespace
}  // namespace chengying::compiler
