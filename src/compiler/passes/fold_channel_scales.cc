// fold_channel_scales: a factor or an offset for each channel behind a convolution or matrix product (a batch
// normalisation, as the importer lowers it) goes into the weights and the bias. What has no convolution
// before it becomes one: a 1x1 convolution of each channel by itself, which has a quantised form with exact
// weights.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

/// A constant operand with one element for each output channel (or one for all), as a vector; empty if it is
/// not that.
std::vector<double> per_channel(Editor& edit, ValueId id, std::size_t channel_dimension, std::int64_t k) {
  const Tensor* constant = edit.constant(id);
  if (constant == nullptr || constant->dtype() != DType::kF32) return {};
  const Shape& shape = constant->shape();
  if (constant->elements() != 1 && constant->elements() != k) return {};
  if (constant->elements() == k && k != 1 && shape[channel_dimension] != k) return {};
  const auto values = constant->as<float>();
  std::vector<double> result(static_cast<std::size_t>(k));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = values[values.size() == 1 ? 0 : i];
  return result;
}

struct Affine {
  std::vector<double> factor, offset;
};

/// y = x * factor + offset, where x is operand `x_at` of an arithmetic node.
std::optional<Affine> affine_of(Editor& edit, const Node& node, std::size_t x_at, std::size_t dimension,
                                std::int64_t k) {
  const auto& binary = std::get<BinaryNode>(node.op);
  const std::vector<double> c = per_channel(edit, node.inputs[1 - x_at], dimension, k);
  if (c.empty() || binary.low != -isa::kInfinity || binary.high != isa::kInfinity) return std::nullopt;
  Affine affine{std::vector<double>(c.size(), 1), std::vector<double>(c.size(), 0)};
  for (std::size_t i = 0; i < c.size(); ++i) {
    switch (binary.kind) {
      case isa::BinaryKind::kAdd:
        affine.offset[i] = c[i];
        break;
      case isa::BinaryKind::kMul:
        affine.factor[i] = c[i];
        break;
      case isa::BinaryKind::kSub:
        affine.offset[i] = x_at == 0 ? -c[i] : c[i];
        affine.factor[i] = x_at == 0 ? 1 : -1;
        break;
      case isa::BinaryKind::kDiv:
        if (x_at != 0 || c[i] == 0) return std::nullopt;
        affine.factor[i] = 1 / c[i];
        break;
      default:
        return std::nullopt;
    }
  }
  return affine;
}

/// Weights and bias with the factor and the offset in them; computed in double, rounded once.
void apply(Editor& edit, Node& linear, const Affine& affine) {
  const Tensor* weights = edit.constant(linear.inputs[1]);
  const Tensor* bias = edit.constant(linear.inputs[2]);
  const auto k = affine.factor.size();
  Tensor new_bias(DType::kF32, {static_cast<std::int64_t>(k)});
  const std::size_t each = static_cast<std::size_t>(weights->elements()) / k;
  for (std::size_t i = 0; i < k; ++i) {
    const double b = bias != nullptr ? bias->as<float>()[i] : 0;
    new_bias.as<float>()[i] = static_cast<float>(b * affine.factor[i] + affine.offset[i]);
  }
  // Weights are large: an offset alone leaves them where they are.
  if (std::ranges::any_of(affine.factor, [](double factor) { return factor != 1; })) {
    Tensor scaled = *weights;
    const auto values = scaled.as<float>();
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = i * each; j < (i + 1) * each; ++j)
        values[j] = static_cast<float>(values[j] * affine.factor[i]);
    }
    linear.inputs[1] = edit.add_constant(std::move(scaled), edit.value(linear.inputs[1]).name);
  }
  linear.inputs[2] = edit.add_constant(std::move(new_bias), linear.name + ".bias");
}

bool has_real_constants(Editor& edit, const Node& linear) {
  const auto real = [&](ValueId id) {
    return edit.constant(id) != nullptr && edit.constant(id)->dtype() == DType::kF32;
  };
  return real(linear.inputs[1]) && (linear.inputs[2] == kNoValue || real(linear.inputs[2]));
}

bool fold_into_linear(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (!std::holds_alternative<BinaryNode>(node.op)) return false;
  for (std::size_t x_at = 0; x_at < 2; ++x_at) {
    Node* linear = edit.producer(node.inputs[x_at]);
    if (linear == nullptr || fused_of(linear->op) == nullptr || *fused_of(linear->op) != Fused{}) continue;
    if (!edit.used_only_by(linear->output, 1) || !has_real_constants(edit, *linear)) continue;
    const Shape& y = edit.shape(node.output);
    if (y != edit.shape(linear->output)) continue;
    const std::size_t dimension = std::holds_alternative<ConvNode>(linear->op) ? 1 : y.size() - 1;
    const auto affine = affine_of(edit, node, x_at, dimension, y[dimension]);
    if (!affine) continue;
    apply(edit, *linear, *affine);
    const ValueId before = linear->output;
    if (edit.is_output(node.output)) {  // the convolution makes the model's output itself
      std::swap(linear->output, node.output);
      node.inputs[x_at] = linear->output;
    } else {
      edit.replace_uses(node.output, before);
      node.inputs[x_at] = before;
    }
    return true;
  }
  return false;
}

/// A factor for each channel of an image: a convolution of each channel by itself, which the next offset
/// folds into.
bool scale_to_convolution(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* binary = std::get_if<BinaryNode>(&node.op);
  if (binary == nullptr || binary->kind != isa::BinaryKind::kMul) return false;
  const Shape y = edit.shape(node.output);
  if (y.size() != 4 || y[1] == 1) return false;
  for (std::size_t x_at = 0; x_at < 2; ++x_at) {
    const Tensor* constant = edit.constant(node.inputs[1 - x_at]);
    if (constant == nullptr || constant->elements() != y[1] || edit.shape(node.inputs[x_at]) != y) continue;
    const auto affine = affine_of(edit, node, x_at, 1, y[1]);
    if (!affine) continue;
    // Only with an offset behind it: a batch normalisation. A lone factor is cheaper as it is.
    Node* next = edit.only_user(node.output);
    const auto* offset = next != nullptr ? std::get_if<BinaryNode>(&next->op) : nullptr;
    if (offset == nullptr || offset->kind != isa::BinaryKind::kAdd) return false;
    Tensor weights(DType::kF32, {y[1], 1, 1, 1});
    std::ranges::transform(affine->factor, weights.as<float>().begin(),
                           [](double f) { return static_cast<float>(f); });
    const ValueId id = edit.add_constant(std::move(weights), node.name + ".scale");
    node.op = ConvNode{.window = {}, .groups = static_cast<std::int32_t>(y[1]), .fused = {}};
    node.inputs = {node.inputs[x_at], id, kNoValue};
    return true;
  }
  return false;
}

}  // namespace

void fold_channel_scales(Graph& graph, Notes&) {
  apply_rules(graph, {fold_into_linear});
  apply_rules(graph, {scale_to_convolution, fold_into_linear});
}

}  // namespace chengying::compiler
