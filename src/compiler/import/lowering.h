// NodeLowering: what the lowering of one ONNX node sees and makes: its operands and attributes, and the graph
// that it appends to. What is made from constants alone becomes a constant at once.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/import/onnx_model.h"

namespace chengying::compiler {

/// What lowering shares over all nodes.
struct LoweringState {
  Graph graph;
  std::map<std::string, ValueId, std::less<>> names;  // of the model's values that exist so far
  std::set<ValueId> from_i8;              // u8 values that stand for the model's i8 ones, shifted by 128
  std::vector<ValueId> dequantised_from;  // per value: the constant that a DequantiseNode reads, or kNoValue
  std::int32_t batch = 1;
  bool batch_overridden = false;  // the model's own batch was fixed at 1, and another is asked for
};

class NodeLowering {
 public:
  NodeLowering(LoweringState& state, const OnnxNode& node, std::int64_t opset)
      : state_(state), node_(node), opset_(opset) {}

  const OnnxNode& node() const { return node_; }
  std::int64_t opset() const { return opset_; }
  const Graph& graph() const { return state_.graph; }
  const Value& value(ValueId id) const { return state_.graph.value(id); }
  const Shape& shape(ValueId id) const { return value(id).shape; }
  std::int32_t batch() const { return state_.batch; }
  bool batch_overridden() const { return state_.batch_overridden; }

  // Operands. Absent ones are refused as kInvalidArgument.
  bool has(std::size_t i) const { return i < node_.inputs.size() && !node_.inputs[i].empty(); }
  std::size_t inputs() const { return node_.inputs.size(); }
  std::size_t outputs() const { return node_.outputs.size(); }
  Result<ValueId> input(std::size_t i) const;
  /// An operand that is f32, or kUnsupported.
  Result<ValueId> real(std::size_t i) const;
  /// An operand in f32, whatever its type: whole numbers and truth values are cast.
  Result<ValueId> as_real(std::size_t i);
  ValueId to_real(ValueId id);
  /// A real value as the model's type; what does not fit is clamped.
  ValueId from_real(ValueId real, DType type);
  /// The type that the model gives a value.
  DType type_of(ValueId id) const { return is_from_i8(id) ? DType::kI8 : value(id).dtype; }
  /// The operand's elements if it is known now; kUnsupported otherwise.
  Result<ConstantTensor> constant(std::size_t i) const;
  Result<std::vector<std::int64_t>> integers(std::size_t i) const;
  Result<std::vector<float>> floats(std::size_t i) const;
  Result<float> scalar(std::size_t i) const;
  /// The elements of a value, also through a dequantisation of constants; null if it is computed.
  ConstantTensor known(ValueId id) const;

  // Attributes; one of another type than asked for is a fault that the caller sees in fault().
  bool has_attribute(const std::string& name) const { return node_.attributes.contains(name); }
  std::int64_t integer(const std::string& name, std::int64_t otherwise);
  float number(const std::string& name, float otherwise);
  std::string text(const std::string& name, const std::string& otherwise);
  std::vector<std::int64_t> integers(const std::string& name, std::vector<std::int64_t> otherwise);
  const std::optional<Error>& fault() const { return fault_; }
  /// A constant whole number that the node computes with and f32 does not have.
  const std::optional<std::int64_t>& rounded() const { return rounded_; }
  /// The attribute as it is, or nullptr.
  const OnnxAttribute* attribute(const std::string& name) const;

  // Making.
  ValueId emit(Operator op, std::vector<ValueId> inputs, Shape shape);  // f32, or as the input (moves)
  ValueId emit(Operator op, std::vector<ValueId> inputs, Value result);
  ValueId add_constant(Tensor tensor, std::string_view suffix = "constant");
  ValueId add_constant(float value, std::size_t rank);
  ValueId reshape(ValueId x, Shape shape);
  ValueId transpose(ValueId x, std::vector<std::int32_t> permutation);
  /// With leading dimensions of 1 up to `rank`.
  ValueId with_rank(ValueId x, std::size_t rank);
  ValueId binary(isa::BinaryKind kind, ValueId a, ValueId b);  // f32, shapes that repeat to one another
  ValueId unary(isa::UnaryKind kind, ValueId x, float alpha = 0, float beta = 0);
  void set_result(ValueId id, std::size_t output = 0);

  // Quantised values.
  /// Says what the bytes of a model input stand for, back through what only moves them. False if they stand
  /// for something else already.
  bool set_quantisation(ValueId id, const Quantisation& quantisation);
  bool is_from_i8(ValueId id) const { return state_.from_i8.contains(id); }
  void mark_from_i8(ValueId id) { state_.from_i8.insert(id); }
  /// The constant that a dequantisation reads, or kNoValue.
  ValueId dequantised_from(ValueId id) const { return state_.dequantised_from[id]; }
  ValueId add_value(Value value);
  Graph& mutable_graph() { return state_.graph; }

  std::unexpected<Error> refuse(std::string reason) const {
    return std::unexpected<Error>(Error{Code::kUnsupported, std::move(reason)});
  }
  std::unexpected<Error> broken(std::string_view what) const;
  /// `axis` in 0..rank-1, counted from the end if negative; kInvalidArgument outside.
  Result<std::int32_t> axis_of(std::int64_t axis, std::size_t rank) const;

 private:
  std::optional<ValueId> move_dequantised(const Operator& op, ValueId input, const Shape& shape);
  std::string next_name();

  LoweringState& state_;
  const OnnxNode& node_;
  std::int64_t opset_;
  std::optional<Error> fault_;
  std::optional<std::int64_t> rounded_;
  int made_ = 0;
};

/// The shape that both repeat to by ONNX's rule, or nullopt.
std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

}  // namespace chengying::compiler
