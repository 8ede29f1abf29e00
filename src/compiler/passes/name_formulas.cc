// name_formulas: what exporters spell out in elementary steps and an instruction does in one gets its name:
// layer and RMS normalisation with their parameters, GELU. The sums' order changes with it.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace chengying::compiler {
namespace {

using isa::BinaryKind;
using isa::UnaryKind;

/// Without bounds of its own.
bool is_plain(const BinaryNode& op) {
  return op.low == -isa::kInfinity && op.high == isa::kInfinity;
}

Node* binary(Editor& edit, ValueId id, BinaryKind kind) {
  Node* node = edit.producer_of<BinaryNode>(id);
  if (node == nullptr) return nullptr;
  const auto& op = std::get<BinaryNode>(node->op);
  return op.kind == kind && is_plain(op) ? node : nullptr;
}

Node* unary(Editor& edit, ValueId id, UnaryKind kind) {
  Node* node = edit.producer_of<UnaryNode>(id);
  return node != nullptr && std::get<UnaryNode>(node->op).kind == kind ? node : nullptr;
}

/// The one number that a constant holds.
std::optional<float> number(Editor& edit, ValueId id) {
  const Tensor* constant = edit.constant(id);
  if (constant == nullptr || constant->elements() != 1 || constant->dtype() != DType::kF32)
    return std::nullopt;
  return constant->as<float>()[0];
}

/// The other operand of a node on two values, one of which is a constant number.
struct WithNumber {
  ValueId other = kNoValue;
  float number = 0;
};
std::optional<WithNumber> with_number(Editor& edit, const Node* node) {
  if (node == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i)
    if (const auto found = number(edit, node->inputs[i])) return WithNumber{node->inputs[1 - i], *found};
  return std::nullopt;
}

bool is_near(float a, double b) {
  return std::abs(a - b) < 1e-5 * std::abs(b);
}

/// x where `id` is the mean of x over its innermost dimension, else kNoValue.
ValueId mean_of(Editor& edit, ValueId id) {
  const Node* node = edit.producer_of<ReduceNode>(id);
  if (node == nullptr) return kNoValue;
  const auto& op = std::get<ReduceNode>(node->op);
  const auto rank = static_cast<std::int32_t>(edit.shape(node->inputs[0]).size());
  const bool rows = op.axes.size() == 1 && op.axes[0] == rank - 1 && op.keep_dims;
  return rows && op.kind == isa::ReduceKind::kMean ? node->inputs[0] : kNoValue;
}

struct Deviation {
  ValueId of = kNoValue;  // the deviation is the root of the mean of its squares, plus epsilon
  float epsilon = 0;
};
std::optional<Deviation> deviation_of(Editor& edit, ValueId id) {
  const Node* root = unary(edit, id, UnaryKind::kSqrt);
  const auto sum =
      root == nullptr ? std::nullopt : with_number(edit, binary(edit, root->inputs[0], BinaryKind::kAdd));
  if (!sum || !(sum->number >= 0) || std::isinf(sum->number)) return std::nullopt;
  const Node* square = binary(edit, mean_of(edit, sum->other), BinaryKind::kMul);
  if (square == nullptr || square->inputs[0] != square->inputs[1]) return std::nullopt;
  return Deviation{square->inputs[0], sum->number};
}

/// The deviation d in x / d, x * (1 / d).
std::optional<std::pair<ValueId, Deviation>> normalised(Editor& edit, const Node& node) {
  const auto* op = std::get_if<BinaryNode>(&node.op);
  if (op == nullptr || !is_plain(*op)) return std::nullopt;
  if (op->kind == BinaryKind::kDiv) {
    const auto deviation = deviation_of(edit, node.inputs[1]);
    return deviation ? std::optional(std::pair(node.inputs[0], *deviation)) : std::nullopt;
  }
  if (op->kind != BinaryKind::kMul) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i) {
    ValueId under = kNoValue;
    if (const Node* inverse = unary(edit, node.inputs[i], UnaryKind::kReciprocal)) under = inverse->inputs[0];
    if (const Node* inverse = binary(edit, node.inputs[i], BinaryKind::kDiv);
        inverse != nullptr && number(edit, inverse->inputs[0]) == 1.0F)
      under = inverse->inputs[1];
    if (const auto deviation = deviation_of(edit, under)) return std::pair(node.inputs[1 - i], *deviation);
  }
  return std::nullopt;
}

bool name_norm(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto found = normalised(edit, node);
  if (!found || found->second.of != found->first) return false;
  const ValueId centred = found->first;
  NormNode norm{isa::NormKind::kRms, found->second.epsilon};
  ValueId x = centred;
  if (const Node* difference = binary(edit, centred, BinaryKind::kSub);
      difference != nullptr && mean_of(edit, difference->inputs[1]) == difference->inputs[0]) {
    norm.kind = isa::NormKind::kLayer;
    x = difference->inputs[0];
  }
  if (edit.shape(x) != edit.shape(node.output)) return false;
  node.op = norm;
  node.inputs = {x};
  return true;
}

/// The scale, then the shift behind a normalisation that has none yet.
bool take_parameter(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  const auto* op = std::get_if<BinaryNode>(&node.op);
  if (op == nullptr || !is_plain(*op)) return false;
  const bool scale = op->kind == BinaryKind::kMul, shift = op->kind == BinaryKind::kAdd;
  if (!scale && !shift) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* norm = edit.producer_of<NormNode>(node.inputs[i]);
    const ValueId parameter = node.inputs[1 - i];
    if (norm == nullptr || norm->inputs.size() != (scale ? 1 : 2) || edit.constant(parameter) == nullptr ||
        !edit.used_only_by(norm->output, 1) || edit.shape(norm->output) != edit.shape(node.output))
      continue;
    std::vector<ValueId> inputs = norm->inputs;
    inputs.push_back(parameter);
    node.op = Operator(norm->op);
    node.inputs = std::move(inputs);
    return true;
  }
  return false;
}

/// x where `id` is 1 + erf(x / sqrt(2)), else kNoValue.
ValueId one_and_erf_of(Editor& edit, ValueId id) {
  const auto sum = with_number(edit, binary(edit, id, BinaryKind::kAdd));
  const Node* erf = sum && sum->number == 1 ? unary(edit, sum->other, UnaryKind::kErf) : nullptr;
  if (erf == nullptr) return kNoValue;
  if (const auto product = with_number(edit, binary(edit, erf->inputs[0], BinaryKind::kMul));
      product && is_near(product->number, std::sqrt(0.5)))
    return product->other;
  const Node* quotient = binary(edit, erf->inputs[0], BinaryKind::kDiv);
  if (quotient == nullptr) return kNoValue;
  const auto divisor = number(edit, quotient->inputs[1]);
  return divisor && is_near(*divisor, std::sqrt(2.0)) ? quotient->inputs[0] : kNoValue;
}

/// 0.5, x and 1 + erf(x / sqrt(2)) multiplied in any order.
bool name_gelu(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (binary(edit, node.output, BinaryKind::kMul) == nullptr) return false;
  std::vector<ValueId> factors;
  for (const ValueId id : node.inputs) {
    const Node* product = binary(edit, id, BinaryKind::kMul);
    if (product != nullptr && one_and_erf_of(edit, id) == kNoValue && edit.used_only_by(id, 1))
      factors.insert(factors.end(), product->inputs.begin(), product->inputs.end());
    else
      factors.push_back(id);
  }
  if (factors.size() != 3) return false;
  const auto half = std::ranges::find_if(factors, [&](ValueId id) { return number(edit, id) == 0.5F; });
  if (half == factors.end()) return false;
  factors.erase(half);
  for (std::size_t i = 0; i < 2; ++i) {
    if (one_and_erf_of(edit, factors[i]) != factors[1 - i]) continue;
    node.op = UnaryNode{.kind = UnaryKind::kGelu};
    node.inputs = {factors[1 - i]};
    return true;
  }
  return false;
}

}  // namespace

void name_formulas(Graph& graph, Notes&) {
  apply_rules(graph, {name_norm, name_gelu});
  apply_rules(graph, {take_parameter});
}

}  // namespace chengying::compiler
