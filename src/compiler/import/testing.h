// For tests of the importer: one node of a model, imported and interpreted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/graph/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/import/import.h"

namespace chengying::compiler::testing {

struct OneNode {
  std::string op;
  std::map<std::string, OnnxAttribute> attributes = {};
  std::vector<Tensor> inputs = {};     // computed
  std::vector<Tensor> constants = {};  // operands behind them
  std::size_t outputs = 1;
  std::int64_t opset = 18;
};

inline Result<Graph> import(const OneNode& node) {
  OnnxModel model;
  model.opsets[""] = node.opset;
  OnnxNode one{.name = "node",
               .op = node.op,
               .domain = {},
               .inputs = {},
               .outputs = {},
               .attributes = node.attributes};
  std::int32_t batch = 1;
  for (const Tensor& tensor : node.inputs) {
    OnnxPort port{.name = "x" + std::to_string(model.inputs.size()), .dtype = tensor.dtype(), .shape = {}};
    for (const std::int64_t size : tensor.shape()) port.shape.push_back({.size = size, .symbol = {}});
    if (model.inputs.empty() && !tensor.shape().empty()) batch = static_cast<std::int32_t>(tensor.shape()[0]);
    one.inputs.push_back(port.name);
    model.inputs.push_back(std::move(port));
  }
  for (const Tensor& tensor : node.constants) {
    one.inputs.push_back("c" + std::to_string(one.inputs.size()));
    model.initialisers[one.inputs.back()] = std::make_shared<Tensor>(tensor);
  }
  for (std::size_t i = 0; i < node.outputs; ++i) {
    one.outputs.push_back("y" + std::to_string(i));
    model.outputs.push_back({.name = one.outputs.back(), .dtype = DType::kF32, .shape = {}});
  }
  model.nodes.push_back(std::move(one));
  return import_onnx(model, {.batch = batch, .dimensions = {}});
}

inline Result<std::vector<Tensor>> run(const OneNode& node) {
  TRY_ASSIGN(const Graph graph, import(node));
  TRY(check(graph));
  std::vector<Tensor> outputs;
  const auto values = interpret_all(graph, node.inputs);
  for (const ValueId id : graph.outputs) outputs.push_back(*values[id]);
  return outputs;
}

template <class T>
Tensor tensor(DType dtype, Shape shape, const std::vector<T>& values) {
  Tensor result(dtype, std::move(shape));
  std::ranges::copy(values, result.as<T>().begin());
  return result;
}
inline Tensor reals(const std::vector<float>& values) {
  return tensor<float>(DType::kF32, {static_cast<std::int64_t>(values.size())}, values);
}
inline Tensor wholes(const std::vector<std::int64_t>& values) {
  return tensor<std::int64_t>(DType::kI64, {static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace chengying::compiler::testing
