// Small f32 graphs for tests of quantisation, written value by value.
#pragma once

#include <random>

#include "compiler/compile.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler::testing {

class Sketch {
 public:
  explicit Sketch(std::uint32_t seed) : random_(seed) {}

  float real(float from, float to) {
    return from + (to - from) * static_cast<float>(random_() % 10007) / 10007.0F;
  }
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }

  ValueId input(Shape shape) {
    graph.inputs.push_back(value("x", std::move(shape)));
    return graph.inputs.back();
  }
  ValueId value(std::string name, Shape shape) {
    return graph.add(
        {.name = std::move(name), .shape = std::move(shape), .quantisation = {}, .constant = {}});
  }
  /// Numbers from -1 to 1.
  Tensor numbers(Shape shape) {
    Tensor tensor(DType::kF32, std::move(shape));
    for (float& x : tensor.as<float>()) x = real(-1, 1);
    return tensor;
  }
  ValueId constant(Tensor tensor) {
    const ValueId id = value("c", tensor.shape());
    graph.value(id).constant = std::make_shared<const Tensor>(std::move(tensor));
    return id;
  }
  ValueId node(std::string name, Operator op, std::vector<ValueId> inputs, Shape result) {
    const ValueId id = value(name, std::move(result));
    graph.nodes.push_back({std::move(name), std::move(op), std::move(inputs), id});
    return id;
  }
  /// [1, c, h, w] -> [1, k, h, w], 1x1; as many groups as channels if depthwise.
  ValueId conv(std::string name, ValueId x, std::int64_t k, Fused fused = {}, bool depthwise = false) {
    Shape y = graph.value(x).shape;
    const std::int64_t c = y[1];
    y[1] = depthwise ? c : k;
    const auto groups = static_cast<std::int32_t>(depthwise ? c : 1);
    return node(std::move(name), ConvNode{.window = {}, .groups = groups, .fused = fused},
                {x, constant(numbers({y[1], c / groups, 1, 1})), constant(numbers({y[1]}))}, y);
  }
  ValueId add(std::string name, ValueId a, ValueId b, float low = -isa::kInfinity) {
    return node(std::move(name), BinaryNode{.kind = isa::BinaryKind::kAdd, .low = low}, {a, b},
                graph.value(a).shape);
  }

  /// Samples of the graph's one input, from -1 to 1.
  Calibration samples(std::size_t count) {
    Calibration calibration;
    for (std::size_t i = 0; i < count; ++i)
      calibration.samples.push_back({{"x", numbers(graph.value(graph.inputs[0]).shape)}});
    return calibration;
  }

  Graph graph;

 private:
  std::mt19937 random_;
};

inline constexpr Fused kRelu{.inner = {}, .low = 0};

/// Multiplies what a convolution or product makes for a channel.
inline void scale_channel(Graph& graph, const std::string& layer, std::size_t channel, float factor) {
  for (const Node& node : graph.nodes) {
    if (node.name != layer) continue;
    for (const ValueId id : {node.inputs[1], node.inputs[2]}) {
      Tensor changed = *graph.value(id).constant;
      const auto each =
          static_cast<std::size_t>(changed.elements()) / static_cast<std::size_t>(changed.shape()[0]);
      for (std::size_t i = channel * each; i < (channel + 1) * each; ++i) changed.as<float>()[i] *= factor;
      graph.value(id).constant = std::make_shared<const Tensor>(std::move(changed));
    }
  }
}

}  // namespace chengying::compiler::testing
