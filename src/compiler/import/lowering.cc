#include "compiler/import/lowering.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/import/numbers.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

/// Operators that only move elements: their result has the format of their first operand.
bool only_moves(const Operator& op) {
  return std::holds_alternative<ReshapeNode>(op) || std::holds_alternative<TransposeNode>(op) ||
         std::holds_alternative<SliceNode>(op) || std::holds_alternative<ConcatNode>(op) ||
         std::holds_alternative<PadNode>(op) || std::holds_alternative<UpsampleNode>(op) ||
         std::holds_alternative<GatherNode>(op);
}

/// As many as there can be where they can't be counted.
std::int64_t elements_of(const Shape& shape) {
  return element_count(shape).value_or(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

std::unexpected<Error> NodeLowering::broken(std::string_view what) const {
  return fail(Code::kInvalidArgument, "node '{}' ({}): {}", node_.name, node_.op, what);
}

Result<std::int32_t> NodeLowering::axis_of(std::int64_t axis, std::size_t rank) const {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size)
    return broken(fmt::format("axis {} of a tensor with {} dimensions", axis, rank));
  return static_cast<std::int32_t>(axis < 0 ? axis + size : axis);
}

Result<ValueId> NodeLowering::input(std::size_t i) const {
  if (!has(i)) return broken(fmt::format("input {} is missing", i));
  return state_.names.find(node_.inputs[i])->second;
}

Result<ValueId> NodeLowering::real(std::size_t i) const {
  TRY_ASSIGN(const ValueId id, input(i));
  if (value(id).dtype != DType::kF32)
    return refuse(fmt::format("input {} is {}; only float is computed with. Cast or dequantise it before", i,
                              name_of(value(id).dtype)));
  return id;
}

Result<ValueId> NodeLowering::as_real(std::size_t i) {
  TRY_ASSIGN(const ValueId id, input(i));
  return to_real(id);
}

ValueId NodeLowering::to_real(ValueId id) {
  if (value(id).dtype == DType::kF32) return id;
  if (const Tensor* constant = value(id).constant.get(); constant != nullptr && !rounded_)
    rounded_ = inexact_in_f32(*constant);
  Value cast{.name = {}, .dtype = DType::kF32, .shape = shape(id), .quantisation = {}, .constant = {}};
  const bool shifted = is_from_i8(id);
  const ValueId real = emit(CastNode{}, {id}, std::move(cast));
  return shifted ? binary(isa::BinaryKind::kSub, real, add_constant(128, shape(id).size())) : real;
}

ValueId NodeLowering::from_real(ValueId real, DType type) {
  if (type == DType::kF32) return real;
  return emit(CastNode{}, {real},
              Value{.name = {}, .dtype = type, .shape = shape(real), .quantisation = {}, .constant = {}});
}

ConstantTensor NodeLowering::known(ValueId id) const {
  if (value(id).constant != nullptr) return value(id).constant;
  const ValueId from = state_.dequantised_from[id];
  if (from == kNoValue) return nullptr;
  return std::make_shared<Tensor>(evaluate(state_.graph, Node{{}, DequantiseNode{}, {from}, id}));
}

Result<ConstantTensor> NodeLowering::constant(std::size_t i) const {
  TRY_ASSIGN(const ValueId id, input(i));
  ConstantTensor tensor = known(id);
  if (tensor == nullptr)
    return refuse(fmt::format("input {} ('{}') must be a constant, and is computed", i, node_.inputs[i]));
  return tensor;
}

Result<std::vector<std::int64_t>> NodeLowering::integers(std::size_t i) const {
  TRY_ASSIGN(const ConstantTensor tensor, constant(i));
  if (tensor->dtype() == DType::kI64)
    return std::vector<std::int64_t>(tensor->as<std::int64_t>().begin(), tensor->as<std::int64_t>().end());
  if (tensor->dtype() == DType::kI32)
    return std::vector<std::int64_t>(tensor->as<std::int32_t>().begin(), tensor->as<std::int32_t>().end());
  return broken(fmt::format("input {} is {}, integers are wanted", i, name_of(tensor->dtype())));
}

Result<std::vector<float>> NodeLowering::floats(std::size_t i) const {
  TRY_ASSIGN(const ConstantTensor tensor, constant(i));
  const std::vector<double> numbers = as_doubles(*tensor);
  return std::vector<float>(numbers.begin(), numbers.end());
}

Result<float> NodeLowering::scalar(std::size_t i) const {
  TRY_ASSIGN(const std::vector<float> all, floats(i));
  if (all.size() != 1) return broken(fmt::format("input {} has {} elements, one is wanted", i, all.size()));
  return all.front();
}

const OnnxAttribute* NodeLowering::attribute(const std::string& name) const {
  const auto found = node_.attributes.find(name);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

namespace {

template <class T>
T attribute_as(const OnnxAttribute* attribute, const std::string& name, T otherwise, const OnnxNode& node,
               std::optional<Error>& fault) {
  if (attribute == nullptr) return otherwise;
  if (const T* value = std::get_if<T>(attribute)) return *value;
  fault = Error{Code::kInvalidArgument,
                fmt::format("node '{}' ({}): attribute '{}' has another type than ONNX says", node.name,
                            node.op, name)};
  return otherwise;
}

}  // namespace

std::int64_t NodeLowering::integer(const std::string& name, std::int64_t otherwise) {
  return attribute_as(attribute(name), name, otherwise, node_, fault_);
}
float NodeLowering::number(const std::string& name, float otherwise) {
  return attribute_as(attribute(name), name, otherwise, node_, fault_);
}
std::string NodeLowering::text(const std::string& name, const std::string& otherwise) {
  return attribute_as(attribute(name), name, otherwise, node_, fault_);
}
std::vector<std::int64_t> NodeLowering::integers(const std::string& name,
                                                 std::vector<std::int64_t> otherwise) {
  return attribute_as(attribute(name), name, std::move(otherwise), node_, fault_);
}

std::string NodeLowering::next_name() {
  return fmt::format("{}.{}", node_.name, made_++);
}

ValueId NodeLowering::add_value(Value value) {
  state_.dequantised_from.push_back(kNoValue);
  return state_.graph.add(std::move(value));
}

ValueId NodeLowering::add_constant(Tensor tensor, std::string_view suffix) {
  Value value{.name = fmt::format("{}.{}{}", node_.name, suffix, made_++),
              .dtype = tensor.dtype(),
              .shape = tensor.shape(),
              .quantisation = {},
              .constant = {}};
  value.constant = std::make_shared<Tensor>(std::move(tensor));
  return add_value(std::move(value));
}

ValueId NodeLowering::add_constant(float value, std::size_t rank) {
  Tensor tensor(DType::kF32, Shape(rank, 1));
  tensor.as<float>()[0] = value;
  return add_constant(std::move(tensor));
}

ValueId NodeLowering::emit(Operator op, std::vector<ValueId> inputs, Shape result_shape) {
  Value result{
      .name = {}, .dtype = DType::kF32, .shape = std::move(result_shape), .quantisation = {}, .constant = {}};
  const auto* pool = std::get_if<PoolNode>(&op);
  if (only_moves(op) || (pool != nullptr && pool->kind == isa::PoolKind::kMax)) {
    result.dtype = value(inputs[0]).dtype;
    result.quantisation = value(inputs[0]).quantisation;
  }
  return emit(std::move(op), std::move(inputs), std::move(result));
}

ValueId NodeLowering::emit(Operator op, std::vector<ValueId> inputs, Value result) {
  if (const auto moved = move_dequantised(op, inputs[0], result.shape)) return *moved;
  result.name = next_name();
  const bool moves = only_moves(op) || std::holds_alternative<PoolNode>(op);
  const bool known = std::ranges::all_of(
      inputs, [&](ValueId id) { return id == kNoValue || value(id).constant != nullptr; });
  const bool dequantise = std::holds_alternative<DequantiseNode>(op);
  const bool shifted = moves && state_.from_i8.contains(inputs[0]) && result.dtype == DType::kU8;
  const ValueId first = inputs[0];
  const ValueId id = add_value(std::move(result));
  Node node{node_.name, std::move(op), std::move(inputs), id};
  if (known && !dequantise && elements_of(value(id).shape) > kFoldedElementsMax) {
    fault_ =
        Error{Code::kTooLarge,
              fmt::format("node '{}' ({}): a constant of shape {} would be made; the limit is {} elements",
                          node_.name, node_.op, to_string(value(id).shape), kFoldedElementsMax)};
    return id;
  }
  if (known && !dequantise) {
    state_.graph.value(id).constant = std::make_shared<Tensor>(evaluate(state_.graph, node));
    return id;
  }
  if (known) state_.dequantised_from[id] = first;
  if (shifted) state_.from_i8.insert(id);
  state_.graph.nodes.push_back(std::move(node));
  return id;
}

/// Moving a dequantised constant moves the constant: so the weights of a MatMul stay integers behind a
/// Transpose.
std::optional<ValueId> NodeLowering::move_dequantised(const Operator& op, ValueId input_id,
                                                      const Shape& result_shape) {
  if (input_id == kNoValue || state_.dequantised_from[input_id] == kNoValue) return std::nullopt;
  const auto* transpose = std::get_if<TransposeNode>(&op);
  const bool is_reshape = std::holds_alternative<ReshapeNode>(op);
  if (transpose == nullptr && !is_reshape) return std::nullopt;
  const ValueId from = state_.dequantised_from[input_id];
  Quantisation quantisation = *value(from).quantisation;
  if (quantisation.scales.size() > 1) {
    if (is_reshape) return std::nullopt;
    const auto& order = transpose->permutation;
    quantisation.axis =
        static_cast<std::int32_t>(std::ranges::find(order, quantisation.axis) - order.begin());
  }
  Value moved{.name = next_name(),
              .dtype = value(from).dtype,
              .shape = result_shape,
              .quantisation = std::move(quantisation),
              .constant = {}};
  const ValueId constant_id = add_value(moved);
  Tensor tensor = evaluate(state_.graph, Node{{}, op, {from}, constant_id});
  state_.graph.value(constant_id).constant = std::make_shared<Tensor>(std::move(tensor));
  return emit(DequantiseNode{}, {constant_id}, result_shape);
}

ValueId NodeLowering::reshape(ValueId x, Shape to) {
  if (shape(x) == to) return x;
  return emit(ReshapeNode{}, {x}, std::move(to));
}

ValueId NodeLowering::transpose(ValueId x, std::vector<std::int32_t> permutation) {
  Shape to;
  for (const std::int32_t d : permutation) to.push_back(shape(x)[d]);
  return emit(TransposeNode{std::move(permutation)}, {x}, std::move(to));
}

ValueId NodeLowering::with_rank(ValueId x, std::size_t rank) {
  Shape to = shape(x);
  if (to.size() >= rank) return x;
  to.insert(to.begin(), rank - to.size(), 1);
  return reshape(x, std::move(to));
}

ValueId NodeLowering::binary(isa::BinaryKind kind, ValueId a, ValueId b) {
  const std::optional<Shape> result = broadcast_shape(shape(a), shape(b));
  CHECK(result);
  a = with_rank(a, result->size());
  b = with_rank(b, result->size());
  return emit(BinaryNode{.kind = kind}, {a, b}, *result);
}

ValueId NodeLowering::unary(isa::UnaryKind kind, ValueId x, float alpha, float beta) {
  return emit(UnaryNode{.kind = kind, .alpha = alpha, .beta = beta}, {x}, shape(x));
}

void NodeLowering::set_result(ValueId id, std::size_t output) {
  if (output >= node_.outputs.size() || node_.outputs[output].empty()) return;
  state_.names.emplace(node_.outputs[output], id);
  // A value that this node made takes the model's name for it.
  Value& made = state_.graph.value(id);
  if (made.name.starts_with(node_.name + ".")) made.name = node_.outputs[output];
}

bool NodeLowering::set_quantisation(ValueId id, const Quantisation& quantisation) {
  Value& v = state_.graph.value(id);
  if (v.quantisation) return *v.quantisation == quantisation;
  v.quantisation = quantisation;
  for (const Node& node : state_.graph.nodes) {
    if (node.output != id || !(only_moves(node.op) || std::holds_alternative<PoolNode>(node.op))) continue;
    std::vector<ValueId> sources = node.inputs;
    if (std::holds_alternative<GatherNode>(node.op)) sources.resize(1);  // the others are numbers of rows
    return std::ranges::all_of(sources, [&](ValueId from) { return set_quantisation(from, quantisation); });
  }
  return true;
}

}  // namespace chengying::compiler
