#include "compiler/scales.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/execute.h"

namespace chengying::compiler {

float ratio(float numerator, float denominator) {
  return static_cast<float>(static_cast<double>(numerator) / static_cast<double>(denominator));
}

float conv_multiplier(float input_scale, float weight_scale, float next_scale) {
  return input_scale * weight_scale / next_scale;
}

float bound_in_steps(float real, float scale) {
  return std::isinf(real) ? real : ratio(real, scale);
}

std::int32_t bias_in_steps(float bias, float input_scale, float weight_scale) {
  const double step = static_cast<double>(input_scale) * static_cast<double>(weight_scale);
  constexpr double kLow = std::numeric_limits<std::int32_t>::min();
  constexpr double kHigh = std::numeric_limits<std::int32_t>::max();
  const double steps = std::nearbyint(static_cast<double>(bias) / step);  // ties to even: the default mode
  return std::isnan(steps) ? 0 : static_cast<std::int32_t>(std::clamp(steps, kLow, kHigh));
}

BinaryScales binary_scales(isa::BinaryKind kind, float a, float b, float output) {
  if (kind == isa::BinaryKind::kMul) return {conv_multiplier(a, b, output), 1.0F};
  return {ratio(a, output), ratio(b, output)};
}

std::vector<float> multipliers_of(const Graph& graph, const Node& node) {
  const float input = graph.value(node.inputs[0]).quantisation->scale();
  const Value& weights = graph.value(node.inputs[1]);
  const Value& output = graph.value(node.output);
  const Fused& fused = *fused_of(node.op);
  float next = output.quantisation ? output.quantisation->scale() : 1.0F;
  if (fused.inner) next = fused.inner->scale();
  const std::vector<float>& scales = weights.quantisation->scales;
  std::vector<float> result(static_cast<std::size_t>(weights.shape[0]));
  for (std::size_t k = 0; k < result.size(); ++k)
    result[k] = conv_multiplier(input, scales[scales.size() == 1 ? 0 : k], next);
  return result;
}

std::vector<std::int32_t> fold_init(const Tensor& weights, const Quantisation& weight_scales,
                                    const Tensor* bias, float input_scale, std::int32_t input_zero_point) {
  const std::int64_t k = weights.shape()[0];
  const std::int64_t per_output = k == 0 ? 0 : weights.elements() / k;
  const std::span<const std::int8_t> all = weights.as<std::int8_t>();
  std::vector<std::int32_t> init;
  for (std::int64_t i = 0; i < k; ++i) {
    std::int64_t sum = 0;
    for (std::int64_t w = 0; w < per_output; ++w) sum += all[i * per_output + w];
    std::int64_t value = -sum * input_zero_point;
    if (bias != nullptr && bias->dtype() == DType::kI32) value += bias->as<std::int32_t>()[i];
    if (bias != nullptr && bias->dtype() == DType::kF32) {
      const float scale =
          weight_scales.scales.size() == 1 ? weight_scales.scales[0] : weight_scales.scales[i];
      value += bias_in_steps(bias->as<float>()[i], input_scale, scale);
    }
    init.push_back(
        static_cast<std::int32_t>(static_cast<std::uint64_t>(value)));  // modulo 2^32, as the chip sums
  }
  return init;
}

std::array<std::uint8_t, 256> lut_of(const UnaryNode* function, const Value& input, const Value& output) {
  constexpr std::int32_t kEntries = 256;
  std::array<std::uint8_t, kEntries> bytes{}, table{};
  for (std::int32_t i = 0; i < kEntries; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  std::array<float, kEntries> real{}, result{};
  const auto view = [](DType dtype) {
    const std::array<std::int32_t, 4> shape{1, 1, 1, kEntries};
    return isa::dense_view({}, dtype, shape, kEntries * static_cast<std::int64_t>(size_of(dtype)));
  };
  const auto run = [](const isa::Operation& operation, const void* from, void* to) {
    Operands operands;
    operands.input = static_cast<const std::byte*>(from);
    operands.output = static_cast<std::byte*>(to);
    reference::execute(operation, operands);
  };
  const Quantisation &in = *input.quantisation, &out = *output.quantisation;
  run(isa::Convert{view(input.dtype), view(DType::kF32), in.scale(), in.zero_point}, bytes.data(),
      real.data());
  if (function != nullptr) {
    run(isa::Unary{function->kind, view(DType::kF32), view(DType::kF32), function->alpha, function->beta},
        real.data(), result.data());
  } else {
    result = real;
  }
  run(isa::Convert{view(DType::kF32), view(output.dtype), out.scale(), out.zero_point}, result.data(),
      table.data());
  return table;
}

}  // namespace chengying::compiler
