#include "compiler/passes/quantised_values.h"

#include <cmath>

namespace chengying::compiler {

ValueId bytes_behind(Editor& edit, ValueId real) {
  const Node* node = edit.producer_of<DequantiseNode>(real);
  if (node == nullptr) return kNoValue;
  const Value& value = edit.value(node->inputs[0]);
  const bool bytes =
      value.dtype == DType::kU8 && value.constant == nullptr && value.quantisation->scales.size() == 1;
  return bytes ? node->inputs[0] : kNoValue;
}

ValueId integers_behind(Editor& edit, ValueId real) {
  const Node* node = edit.producer_of<DequantiseNode>(real);
  return node != nullptr && edit.constant(node->inputs[0]) != nullptr ? node->inputs[0] : kNoValue;
}

Node* only_quantiser(Editor& edit, ValueId real) {
  Node* user = edit.only_user(real);
  return user != nullptr && std::holds_alternative<QuantiseNode>(user->op) ? user : nullptr;
}

Value like(const Value& value, std::string name) {
  Value result = value;
  result.name = std::move(name);
  result.constant = nullptr;
  return result;
}

bool representable(float real, const Quantisation& q) {
  const float step = real / q.scale();
  const float byte = step + static_cast<float>(q.zero_point);
  return std::isfinite(step) && step == std::nearbyint(step) && byte >= 0 && byte <= 255;
}

}  // namespace chengying::compiler
