// Scales: how the quantisation of values becomes the numbers of instructions. One place, so that what
// lowering writes into a program and what the graph's interpreter computes cannot drift apart. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// numerator / denominator.
float ratio(float numerator, float denominator);
/// s_x * s_w / s_next, both steps in f32: as the engines that quantised models are made for compute it (ONNX
/// Runtime's QLinearConv), so that the same sums round alike.
float conv_multiplier(float input_scale, float weight_scale, float next_scale);
/// A bound in real numbers in steps of `scale`; infinite bounds stay.
float bound_in_steps(float real, float scale);
/// rne(bias / (s_x * s_w)), clamped to i32: a real bias in units of the sum.
std::int32_t bias_in_steps(float bias, float input_scale, float weight_scale);

struct BinaryScales {
  float a = 1, b = 1;
};
/// add, sub, max, min: s_a / s_out, s_b / s_out; mul: s_a * s_b / s_out, 1.
BinaryScales binary_scales(isa::BinaryKind kind, float a, float b, float output);

/// Epilogue::scale without its padding to 16: conv_multiplier of each output channel of a conv or dense node
/// of u8. The next scale is the inner quantiser's, the result's, or 1 where the result is f32.
std::vector<float> multipliers_of(const Graph& graph, const Node& node);

/// init[k] of a u8 convolution without its padding to 16: bias (i32 in steps of the sum, f32, or null: 0),
/// less zero_point * sum of the weights of k. Weights are i8, output channel outermost.
std::vector<std::int32_t> fold_init(const Tensor& weights, const Quantisation& weight_scales,
                                    const Tensor* bias, float input_scale, std::int32_t input_zero_point);

/// The 256 results of a function of one byte: dequantise by `input`, apply `function` (null: nothing) by the
/// f32 reference, quantise by `output`. Bytes are u8 or i8 as the values' types say.
std::array<std::uint8_t, 256> lut_of(const UnaryNode* function, const Value& input, const Value& output);

}  // namespace chengying::compiler
