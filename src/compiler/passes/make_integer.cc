// make_integer: dequantise -> operator -> quantise becomes the operator on integers; without the quantiser
// (a classifier's logits) a convolution or product still adds integers, and stores real numbers. The sums of
// products of integers are exact, so this is what the model says, without the roundings of its floats;
// results differ from those by at most one step where a sum lies within a float's rounding of the middle
// between two.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/quantised_values.h"

namespace chengying::compiler {
namespace {

/// Lets `node` make what its quantiser made, which goes.
void take_over(Editor& edit, Node& node, Node& quantiser) {
  node.output = quantiser.output;
  edit.remove(static_cast<std::uint32_t>(&quantiser - edit.graph().nodes.data()));
}

/// Weights as i8 with scales along the output channels (or one), zero point 0.
ValueId integer_weights(Editor& edit, ValueId real) {
  const ValueId id = integers_behind(edit, real);
  if (id == kNoValue) return kNoValue;
  const Value& value = edit.value(id);
  const bool fits = value.dtype == DType::kI8 && value.quantisation->zero_point == 0 &&
                    (value.quantisation->scales.size() == 1 || value.quantisation->axis == 0);
  return fits ? id : kNoValue;
}

/// The model's own i32 bias if it counts in steps of the sum; else its real numbers, to be counted so.
ValueId integer_bias(Editor& edit, ValueId real, const Quantisation& x, const Quantisation& w) {
  if (real == kNoValue) return kNoValue;
  const ValueId id = integers_behind(edit, real);
  if (id == kNoValue) return real;
  const Value& value = edit.value(id);
  const auto k = static_cast<std::size_t>(value.shape[0]);
  const Quantisation& b = *value.quantisation;
  if (value.dtype != DType::kI32 || b.zero_point != 0) return real;
  for (std::size_t i = 0; i < k; ++i) {
    const double step = static_cast<double>(x.scale()) * w.scales[w.scales.size() == 1 ? 0 : i];
    if (std::abs(b.scales[b.scales.size() == 1 ? 0 : i] / step - 1) > 1e-4) return real;
  }
  return id;
}

bool integer_linear(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const Fused* fused = fused_of(node.op);
  if (fused == nullptr) return false;
  Node* quantiser = only_quantiser(edit, node.output);
  const ValueId x = bytes_behind(edit, node.inputs[0]), w = integer_weights(edit, node.inputs[1]);
  if (x == kNoValue || w == kNoValue) return false;
  ValueId residual = fused->residual;
  if (residual != kNoValue && quantiser != nullptr) {
    residual = bytes_behind(edit, residual);
    if (residual == kNoValue) return false;
  }
  node.inputs = {
      x, w, integer_bias(edit, node.inputs[2], *edit.value(x).quantisation, *edit.value(w).quantisation)};
  if (auto* conv = std::get_if<ConvNode>(&node.op)) conv->fused.residual = residual;
  if (auto* dense = std::get_if<DenseNode>(&node.op)) dense->fused.residual = residual;
  if (quantiser != nullptr) take_over(edit, node, *quantiser);
  return true;
}

bool integer_pool(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* pool = std::get_if<PoolNode>(&node.op);
  if (pool == nullptr || pool->kind == isa::PoolKind::kMax) return false;
  Node* quantiser = only_quantiser(edit, node.output);
  const ValueId x = bytes_behind(edit, node.inputs[0]);
  if (quantiser == nullptr || x == kNoValue) return false;
  node.inputs = {x};
  take_over(edit, node, *quantiser);
  return true;
}

/// An operand of an elementwise operator as u8: what is computed, or a constant that the model quantised.
ValueId byte_operand(Editor& edit, ValueId real) {
  if (const ValueId bytes = bytes_behind(edit, real); bytes != kNoValue) return bytes;
  const ValueId id = integers_behind(edit, real);
  if (id == kNoValue || edit.value(id).quantisation->scales.size() != 1) return kNoValue;
  if (edit.value(id).dtype == DType::kU8) return id;
  if (edit.value(id).dtype != DType::kI8) return kNoValue;
  Tensor shifted(DType::kU8, edit.shape(id));
  std::ranges::transform(edit.constant(id)->as<std::int8_t>(), shifted.as<std::uint8_t>().begin(),
                         [](std::int8_t v) { return static_cast<std::uint8_t>(v + 128); });
  Quantisation quantisation = *edit.value(id).quantisation;
  quantisation.zero_point += 128;
  const ValueId result = edit.add_constant(std::move(shifted), edit.value(id).name);
  edit.value(result).quantisation = std::move(quantisation);
  return result;
}

bool integer_binary(Editor& edit, std::uint32_t index) {
  const auto* binary = std::get_if<BinaryNode>(&edit.node(index).op);
  if (binary == nullptr || binary->kind == isa::BinaryKind::kDiv || binary->kind == isa::BinaryKind::kPow)
    return false;
  Node* quantiser = only_quantiser(edit, edit.node(index).output);
  if (quantiser == nullptr) return false;
  const ValueId a = byte_operand(edit, edit.node(index).inputs[0]);
  const ValueId b = a == kNoValue ? kNoValue : byte_operand(edit, edit.node(index).inputs[1]);
  if (b == kNoValue) return false;
  edit.node(index).inputs = {a, b};
  take_over(edit, edit.node(index), *quantiser);
  return true;
}

void note_what_stays(const Graph& graph, Notes& notes) {
  const bool quantised =
      std::ranges::any_of(graph.values, [](const Value& v) { return v.dtype == DType::kU8; });
  if (!quantised) return;
  for (const Node& node : graph.nodes) {
    if (fused_of(node.op) == nullptr || graph.value(node.inputs[0]).dtype != DType::kF32) continue;
    notes.push_back(
        fmt::format("'{}' ({}) is computed in f32: the model does not quantise all of its operands",
                    node.name, name_of(node.op)));
  }
}

}  // namespace

void make_integer(Graph& graph, Notes& notes) {
  apply_rules(graph, {integer_linear, integer_pool, integer_binary});
  note_what_stays(graph, notes);
}

}  // namespace chengying::compiler
