#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include "base/check.h"
#include "synthetic.h"

namespace chengying::bench {
namespace {

constexpr float kScale = 0.05F, kWeightScale = 0.002F;
constexpr char kZero[] = "zero", kMiddle[] = "middle", kStep[] = "step", kWeightStep[] = "weight_step";

onnx::NodeProto* add_node(onnx::GraphProto& graph, const char* type, const std::vector<std::string>& inputs,
                          const std::string& output) {
  auto* node = graph.add_node();
  node->set_op_type(type);
  node->set_name(output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

void set_ints(onnx::NodeProto* node, const char* name, std::initializer_list<std::int64_t> values) {
  auto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

void set_int(onnx::NodeProto* node, const char* name, std::int64_t value) {
  auto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void set_window(onnx::NodeProto* node, const QuantisedModel::Window& window) {
  set_ints(node, "kernel_shape", {window.kernel, window.kernel});
  set_ints(node, "strides", {window.stride, window.stride});
  set_ints(node, "pads", {window.pad, window.pad, window.pad, window.pad});
}

void add_scalar(onnx::GraphProto& graph, const char* name, float value) {
  auto* tensor = graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  tensor->add_float_data(value);
}

void add_zero_point(onnx::GraphProto& graph, const char* name, std::int32_t value) {
  auto* tensor = graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::UINT8);
  tensor->add_int32_data(value);
}

void set_port(onnx::ValueInfoProto* port, const Feature& feature) {
  port->set_name(feature.name);
  auto* type = port->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::UINT8);
  type->mutable_shape()->add_dim()->set_dim_param("batch");
  type->mutable_shape()->add_dim()->set_dim_value(feature.c);
  if (feature.h == 0) return;
  type->mutable_shape()->add_dim()->set_dim_value(feature.h);
  type->mutable_shape()->add_dim()->set_dim_value(feature.w);
}

std::int64_t out_size(std::int64_t size, const QuantisedModel::Window& window) {
  return (size + 2 * window.pad - window.kernel) / window.stride + 1;
}

}  // namespace

QuantisedModel::QuantisedModel(std::string name) : model_(std::make_unique<onnx::ModelProto>()) {
  model_->set_ir_version(8);
  model_->add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model_->mutable_graph();
  graph.set_name(std::move(name));
  add_scalar(graph, kStep, kScale);
  add_scalar(graph, kWeightStep, kWeightScale);
  add_zero_point(graph, kZero, 0);
  add_zero_point(graph, kMiddle, 128);
}

QuantisedModel::~QuantisedModel() = default;

std::string QuantisedModel::unique(const char* what) {
  return fmt::format("{}_{}", what, ++count_);
}

std::string QuantisedModel::dequantised(const Feature& x) {
  const std::string name = unique("real");
  // The zero point is part of the tensor's name: whoever made it chose one of the two.
  const char* zero = x.name.starts_with("positive") ? kZero : kMiddle;
  add_node(*model_->mutable_graph(), "DequantizeLinear", {x.name, kStep, zero}, name);
  return name;
}

Feature QuantisedModel::quantised(const std::string& real, Feature shape, bool positive) {
  shape.name = unique(positive ? "positive" : "signed");
  add_node(*model_->mutable_graph(), "QuantizeLinear", {real, kStep, positive ? kZero : kMiddle}, shape.name);
  return shape;
}

std::string QuantisedModel::weights(const std::vector<std::int64_t>& shape) {
  const std::string name = unique("weights"), real = unique("real_weights");
  auto* tensor = model_->mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT8);
  std::size_t count = 1;
  for (const std::int64_t size : shape) {
    tensor->add_dims(size);
    count *= static_cast<std::size_t>(size);
  }
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(static_cast<int>(random_() % 15) - 7);
  tensor->set_raw_data(std::move(bytes));
  add_node(*model_->mutable_graph(), "DequantizeLinear", {name, kWeightStep}, real);
  return real;
}

Feature QuantisedModel::input(std::int64_t c, std::int64_t h, std::int64_t w) {
  const Feature feature{"positive_input", c, h, w};
  set_port(model_->mutable_graph()->add_input(), feature);
  return feature;
}

Feature QuantisedModel::conv(const Feature& x, std::int64_t channels, Window window, bool relu,
                             std::int64_t groups) {
  CHECK(x.h > 0 && x.c % groups == 0);
  const std::string sum = unique("conv"), clamped = unique("relu");
  onnx::GraphProto& graph = *model_->mutable_graph();
  auto* node = add_node(
      graph, "Conv", {dequantised(x), weights({channels, x.c / groups, window.kernel, window.kernel})}, sum);
  set_window(node, window);
  set_int(node, "group", groups);
  if (relu) add_node(graph, "Relu", {sum}, clamped);
  return quantised(relu ? clamped : sum, {"", channels, out_size(x.h, window), out_size(x.w, window)}, relu);
}

Feature QuantisedModel::pool(const char* type, const Feature& x, Window window) {
  const std::string out = unique("pool");
  set_window(add_node(*model_->mutable_graph(), type, {dequantised(x)}, out), window);
  return quantised(out, {"", x.c, out_size(x.h, window), out_size(x.w, window)},
                   x.name.starts_with("positive"));
}

Feature QuantisedModel::global_average(const Feature& x) {
  const std::string out = unique("mean");
  add_node(*model_->mutable_graph(), "GlobalAveragePool", {dequantised(x)}, out);
  return quantised(out, {"", x.c, 1, 1}, x.name.starts_with("positive"));
}

/// x as rows [batch, columns].
std::string QuantisedModel::rows(const Feature& x) {
  const std::string real = dequantised(x);
  if (x.h == 0) return real;
  const std::string flat = unique("flat");
  set_int(add_node(*model_->mutable_graph(), "Flatten", {real}, flat), "axis", 1);
  return flat;
}

Feature QuantisedModel::dense(const Feature& x, std::int64_t columns, bool relu) {
  const std::int64_t depth = x.h == 0 ? x.c : x.c * x.h * x.w;
  const std::string sum = unique("dense"), clamped = unique("relu");
  onnx::GraphProto& graph = *model_->mutable_graph();
  set_int(add_node(graph, "Gemm", {rows(x), weights({columns, depth})}, sum), "transB", 1);
  if (relu) add_node(graph, "Relu", {sum}, clamped);
  return quantised(relu ? clamped : sum, {"", columns, 0, 0}, relu);
}

Feature QuantisedModel::add(const Feature& a, const Feature& b, bool relu) {
  const std::string sum = unique("sum"), clamped = unique("relu");
  onnx::GraphProto& graph = *model_->mutable_graph();
  add_node(graph, "Add", {dequantised(a), dequantised(b)}, sum);
  if (relu) add_node(graph, "Relu", {sum}, clamped);
  return quantised(relu ? clamped : sum, a, relu);
}

Feature QuantisedModel::concat(std::span<const Feature> parts) {
  std::vector<std::string> real;
  Feature all = parts.front();
  all.c = 0;
  for (const Feature& part : parts) {
    real.push_back(dequantised(part));
    all.c += part.c;
  }
  const std::string out = unique("concat");
  set_int(add_node(*model_->mutable_graph(), "Concat", real, out), "axis", 1);
  return quantised(out, all, true);
}

Feature QuantisedModel::gate(const Feature& x) {
  CHECK(x.h == 0 && x.c % 2 == 0);
  onnx::GraphProto& graph = *model_->mutable_graph();
  const std::string first = unique("half"), second = unique("half"), product = unique("gated");
  auto* split = add_node(graph, "Split", {dequantised(x)}, first);
  split->add_output(second);
  set_int(split, "axis", 1);
  const Feature half{"", x.c / 2, 0, 0};
  const Feature a = sigmoid(quantised(first, half, false)), b = quantised(second, half, false);
  add_node(graph, "Mul", {dequantised(a), dequantised(b)}, product);
  return quantised(product, half, false);
}

Feature QuantisedModel::sigmoid(const Feature& x) {
  const std::string out = unique("sigmoid");
  add_node(*model_->mutable_graph(), "Sigmoid", {dequantised(x)}, out);
  return quantised(out, x, true);
}

std::string QuantisedModel::finish(const Feature& output) {
  set_port(model_->mutable_graph()->add_output(), output);
  return model_->SerializeAsString();
}

}  // namespace chengying::bench
