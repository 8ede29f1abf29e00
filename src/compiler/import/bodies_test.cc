// Bodies: functions are laid out where they are called, with the attributes of the call; loops are unrolled,
// branches taken or computed both ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "compiler/graph/interpret.h"
#include "compiler/import/import.h"

namespace chengying::compiler {
namespace {

using ::testing::HasSubstr;

void add_port(onnx::ValueInfoProto& port, const std::string& name, int type = onnx::TensorProto::FLOAT,
              const std::vector<std::int64_t>& shape = {2}) {
  port.set_name(name);
  auto* tensor = port.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const std::int64_t size : shape) tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

template <class Proto>
onnx::NodeProto& add_node(Proto& proto, const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs) {
  auto& node = *proto.add_node();
  node.set_op_type(op);
  node.set_name("the_" + op);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return node;
}

onnx::GraphProto& body_of(onnx::NodeProto& node, const std::string& name) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::GRAPH);
  return *attribute.mutable_g();
}

void add_whole(onnx::GraphProto& graph, const std::string& name, std::int64_t value,
               int type = onnx::TensorProto::INT64) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  if (type == onnx::TensorProto::INT64)
    tensor.add_int64_data(value);
  else
    tensor.add_int32_data(static_cast<std::int32_t>(value));
}

/// x[2] -> y.
onnx::ModelProto model_with_ports() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(16);
  auto& graph = *model.mutable_graph();
  graph.set_name("g");
  add_port(*graph.add_input(), "x");
  add_port(*graph.add_output(), "y");
  return model;
}

Result<Graph> import_proto(const onnx::ModelProto& proto) {
  TRY_ASSIGN(const OnnxModel model,
             read_model({{}, std::make_shared<const std::string>(proto.SerializeAsString())}));
  return import_onnx(model, {.batch = 2, .dimensions = {}});
}

std::vector<float> run(const onnx::ModelProto& proto, const std::vector<Tensor>& more = {}) {
  const Result<Graph> graph = import_proto(proto);
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) return {};
  Tensor x(DType::kF32, {2});
  x.as<float>()[0] = 1;
  x.as<float>()[1] = -3;
  std::vector<Tensor> inputs{x};
  inputs.insert(inputs.end(), more.begin(), more.end());
  const auto y = interpret(*graph, inputs);
  return {y[0].as<float>().begin(), y[0].as<float>().end()};
}

/// y = LeakyRelu(x) * x, as a function whose slope the caller gives.
void add_function(onnx::ModelProto& model) {
  auto& function = *model.add_functions();
  function.set_name("Gate");
  function.set_domain("own");
  function.add_input("a");
  function.add_output("c");
  function.add_attribute("slope");
  function.add_opset_import()->set_version(16);
  auto& leaky = add_node(function, "LeakyRelu", {"a"}, {"b"});
  auto& slope = *leaky.add_attribute();
  slope.set_name("alpha");
  slope.set_type(onnx::AttributeProto::FLOAT);
  slope.set_ref_attr_name("slope");
  add_node(function, "Mul", {"a", "b"}, {"c"});
}

TEST(Bodies, AFunctionIsLaidOutWithTheAttributesOfItsCaller) {
  onnx::ModelProto model = model_with_ports();
  auto* domain = model.add_opset_import();
  domain->set_domain("own");
  domain->set_version(1);
  add_function(model);
  auto& first = add_node(*model.mutable_graph(), "Gate", {"x"}, {"m"});
  first.set_domain("own");
  auto& slope = *first.add_attribute();
  slope.set_name("slope");
  slope.set_type(onnx::AttributeProto::FLOAT);
  slope.set_f(0.5F);
  auto& second = add_node(*model.mutable_graph(), "Gate", {"m"}, {"y"});  // twice: names do not meet
  second.set_domain("own");
  second.set_name("again");
  EXPECT_EQ(run(model), (std::vector<float>{1, 4.5F * 4.5F}));
}

onnx::ModelProto loop_of(std::int64_t trips) {
  onnx::ModelProto model = model_with_ports();
  auto& graph = *model.mutable_graph();
  add_whole(graph, "trips", trips);
  add_whole(graph, "on", 1, onnx::TensorProto::BOOL);
  auto& loop = add_node(graph, "Loop", {"trips", "on", "x"}, {"y", "all"});
  auto& body = body_of(loop, "body");
  add_port(*body.add_input(), "i", onnx::TensorProto::INT64, {});
  add_port(*body.add_input(), "on_in", onnx::TensorProto::BOOL, {});
  add_port(*body.add_input(), "s");
  add_node(body, "Identity", {"on_in"}, {"on_out"});
  add_node(body, "Add", {"s", "x"}, {"t"});  // x is of the graph around it
  for (const char* name : {"on_out", "t", "t"}) add_port(*body.add_output(), name);
  return model;
}

TEST(Bodies, ALoopIsUnrolled) {
  EXPECT_EQ(run(loop_of(3)), (std::vector<float>{4, -12}));
}

TEST(Bodies, ALoopWithoutEndIsRefused) {
  const Result<Graph> graph = import_proto(loop_of(std::int64_t{1} << 40));
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("'the_Loop' (Loop)"));
  EXPECT_THAT(graph.error().message, HasSubstr("more than 4096 rounds"));
}

onnx::ModelProto branches() {
  onnx::ModelProto model = model_with_ports();
  auto& branch = add_node(*model.mutable_graph(), "If", {"c"}, {"y"});
  auto& yes = body_of(branch, "then_branch");
  add_node(yes, "Neg", {"x"}, {"n"});
  add_port(*yes.add_output(), "n");
  auto& no = body_of(branch, "else_branch");
  add_node(no, "Abs", {"x"}, {"n"});  // the same name inside: apart
  add_port(*no.add_output(), "n");
  return model;
}

TEST(Bodies, ABranchIsTakenWhereItsConditionIsKnown) {
  onnx::ModelProto model = branches();
  add_whole(*model.mutable_graph(), "c", 1, onnx::TensorProto::BOOL);
  EXPECT_EQ(run(model), (std::vector<float>{-1, 3}));
  EXPECT_EQ(import_proto(model)->nodes.size(), 1U);
}

TEST(Bodies, ABranchIsChosenWhileItRunsWhereItIsNot) {
  onnx::ModelProto model = branches();
  add_port(*model.mutable_graph()->add_input(), "c", onnx::TensorProto::BOOL, {});
  for (const std::uint8_t condition : {std::uint8_t{0}, std::uint8_t{1}}) {
    Tensor c(DType::kBool, {});
    c.as<std::uint8_t>()[0] = condition;
    EXPECT_EQ(run(model, {c}), condition != 0 ? (std::vector<float>{-1, 3}) : (std::vector<float>{1, 3}));
  }
}

TEST(Bodies, AFunctionThatCallsItselfIsRefused) {
  onnx::ModelProto model = model_with_ports();
  auto* domain = model.add_opset_import();
  domain->set_domain("own");
  domain->set_version(1);
  auto& function = *model.add_functions();
  function.set_name("Self");
  function.set_domain("own");
  function.add_input("a");
  function.add_output("b");
  add_node(function, "Self", {"a"}, {"b"}).set_domain("own");
  add_node(*model.mutable_graph(), "Self", {"x"}, {"y"}).set_domain("own");
  const Result<Graph> graph = import_proto(model);
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("bodies nest deeper than 16"));
}

}  // namespace
}  // namespace chengying::compiler
