// make_tables: whatever is computed element by element from one u8 value, and quantised again, is a table of
// 256 bytes: made by computing all 256 cases with the interpreter. Sigmoid, SiLU, hard-swish, GELU in pieces:
// all alike.
#include <algorithm>
#include <map>
#include <numeric>

#include "compiler/graph/interpret.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/quantised_values.h"

namespace chengying::compiler {
namespace {

constexpr int kDepthMax = 16;

/// What a real value is a function of, element by element.
class Region {
 public:
  Region(Editor& edit, const Shape& shape) : edit_(edit), shape_(shape) {}

  /// True if `id` depends on one u8 value alone: the same element of it.
  bool grow(ValueId id, int depth = 0) {
    if (depth > kDepthMax) return false;
    if (const ValueId bytes = bytes_behind(edit_, id); bytes != kNoValue) {
      if (leaf_ != kNoValue && leaf_ != bytes) return false;
      leaf_ = bytes;
      return edit_.shape(bytes) == shape_;
    }
    const Node* node = edit_.producer(id);
    if (node == nullptr || edit_.shape(id) != shape_) return false;
    if (std::holds_alternative<UnaryNode>(node->op)) {
      ++steps_;
      return grow(node->inputs[0], depth + 1);
    }
    if (!std::holds_alternative<BinaryNode>(node->op)) return false;
    ++steps_;
    return std::ranges::all_of(std::vector<ValueId>(node->inputs), [&](ValueId operand) {
      return is_scalar(operand) || grow(operand, depth + 1);
    });
  }

  ValueId leaf() const { return leaf_; }
  int steps() const { return steps_; }

  /// The value for each of the 256 bytes.
  std::shared_ptr<const Tensor> all_cases(ValueId id) {
    if (const auto found = done_.find(id); found != done_.end()) return found->second;
    const Node* node = edit_.producer(id);
    Graph small;
    Node step{node->name, node->op, {}, kNoValue};
    for (const ValueId operand : node->inputs) step.inputs.push_back(small.add(operand_cases(operand)));
    step.output = small.add(
        Value{.name = {}, .dtype = DType::kF32, .shape = {256}, .quantisation = {}, .constant = {}});
    return done_[id] = std::make_shared<Tensor>(evaluate(small, step));
  }

 private:
  bool is_scalar(ValueId id) const {
    const Tensor* constant = edit_.constant(id);
    return constant != nullptr && constant->elements() == 1 && constant->dtype() == DType::kF32;
  }

  Value operand_cases(ValueId id) {
    Value value{.name = {}, .dtype = DType::kF32, .shape = {256}, .quantisation = {}, .constant = {}};
    if (is_scalar(id)) {
      value.shape = {1};
      value.constant = std::make_shared<Tensor>(edit_.constant(id)->reshaped({1}));
    } else if (id == leaf_) {
      Tensor bytes(DType::kU8, {256});
      std::iota(bytes.as<std::uint8_t>().begin(), bytes.as<std::uint8_t>().end(), 0);
      value.dtype = DType::kU8;
      value.quantisation = edit_.value(leaf_).quantisation;
      value.constant = std::make_shared<Tensor>(std::move(bytes));
    } else {
      value.constant = all_cases(id);
    }
    return value;
  }

  Editor& edit_;
  const Shape shape_;
  ValueId leaf_ = kNoValue;
  int steps_ = 0;
  std::map<ValueId, std::shared_ptr<const Tensor>> done_;
};

bool table_of_region(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (!std::holds_alternative<QuantiseNode>(node.op) || edit.value(node.output).dtype != DType::kU8)
    return false;
  Region region(edit, edit.shape(node.output));
  if (!region.grow(node.inputs[0]) || region.leaf() == kNoValue || region.steps() == 0) return false;
  Graph small;
  Value real{.name = {}, .dtype = DType::kF32, .shape = {256}, .quantisation = {}, .constant = {}};
  real.constant = region.all_cases(node.inputs[0]);
  const ValueId from = small.add(std::move(real));
  Value bytes = like(edit.value(node.output), {});
  bytes.shape = {256};
  const ValueId to = small.add(std::move(bytes));
  const Tensor table = evaluate(small, Node{{}, QuantiseNode{}, {from}, to});
  LutNode lut;
  std::ranges::copy(table.as<std::uint8_t>(), lut.table.begin());
  if (const Node* last = edit.producer(node.inputs[0])) node.name = last->name;
  node.inputs = {region.leaf()};
  node.op = lut;
  return true;
}

}  // namespace

void make_tables(Graph& graph, Notes&) {
  apply_rules(graph, {table_of_region});
}

}  // namespace chengying::compiler
