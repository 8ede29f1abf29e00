// Graph: the compiler's first form. Values (tensors) and nodes of a closed set of operators, nodes in
// topological order, operands by index, shapes bound, quantisation as a field of the value. A plain value
// with a text form (print.h), a verifier (check.h) and an interpreter (interpret.h).
//
// Shapes are logical, in the model's order (images NCHW). How a value lies in memory is its `layout`, set by
// the lay-out pass: row major, or channels last (NHWC) for values of rank 4.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "isa/instruction.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

using ValueId = std::uint32_t;
inline constexpr ValueId kNoValue = 0xffffffff;

/// real = (q - zero_point) * scale. For weights one scale per output channel and zero point 0.
struct Quantisation {
  std::vector<float> scales;    // 1, or one per element of `axis`
  std::int32_t zero_point = 0;  // of u8; 0..255
  std::int32_t axis = 0;
  float scale() const { return scales.front(); }
  bool operator==(const Quantisation&) const = default;
};

enum class Layout : std::uint8_t { kRowMajor, kChannelsLast };

struct Value {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::optional<Quantisation> quantisation;  // set for u8 and i8 values that stand for real numbers
  std::shared_ptr<const Tensor>
      constant;  // set for constants; shared between copies of the graph, never changed
  Layout layout = Layout::kRowMajor;
};

/// What a node's epilogue may carry after fusion, in this order (see isa::Epilogue).
struct Fused {
  std::optional<Quantisation> inner;                   // QDQ's rounding before the residual
  ValueId residual = kNoValue;                         // added; same shape as the output
  float low = -isa::kInfinity, high = isa::kInfinity;  // in real numbers
  bool operator==(const Fused&) const = default;
};

/// Inputs: x, weights [k, c/groups, kh, kw] (constant), bias [k] or kNoValue. 1-D convolutions are imported
/// as h = 1.
struct ConvNode {
  isa::Window window;  // pads of top and left; bottom and right follow from the output's shape
  std::int32_t groups = 1;
  Fused fused;
};
/// Matrix product with constant weights: x [..., k_in], weights [k_out, k_in], bias or kNoValue -> [...,
/// k_out].
struct DenseNode {
  Fused fused;
};
/// Matrix product of two computed matrices, f32: a [.., m, k], b [.., k, n] of one rank -> [.., m, n]; what
/// is before the last two dimensions is the output's or 1 (repeated).
struct MatMulNode {};
struct PoolNode {
  isa::PoolKind kind = isa::PoolKind::kMax;
  isa::Window window;  // the global pools have the image as kernel
};
/// Inputs have the output's rank; each dimension is the output's or 1 (repeated). One of the two may be a
/// constant.
struct BinaryNode {
  isa::BinaryKind kind = isa::BinaryKind::kAdd;
  float low = -isa::kInfinity, high = isa::kInfinity;
};
struct UnaryNode {
  isa::UnaryKind kind = isa::UnaryKind::kRelu;
  float alpha = 0, beta = 0;
};
struct SoftmaxNode {
  std::int32_t axis = -1;  // made the last one by transposes before the lay-out pass
  bool log = false;
};
struct ReduceNode {
  isa::ReduceKind kind = isa::ReduceKind::kMean;
  std::vector<std::int32_t> axes;
  bool keep_dims = true;
};
/// f32 -> u8 by the output's quantisation.
struct QuantiseNode {};
/// u8 (or i32) -> f32 by the input's quantisation.
struct DequantiseNode {};
/// u8 or i8 -> u8 or i8 from the input's quantisation to the output's (a Lut of bytes: scales.h, lut_of). i8
/// only at the model's own i8 inputs and outputs.
struct RequantiseNode {};
struct ConcatNode {
  std::int32_t axis = 1;
};
struct ReshapeNode {};
struct TransposeNode {
  std::vector<std::int32_t> permutation;
};
struct SliceNode {
  std::vector<std::int64_t> starts, steps;  // one per dimension, resolved; the size is the output's shape
};
/// Constant padding of any dimensions; the value in real numbers.
struct PadNode {
  std::vector<std::int64_t> before;
  float value = 0;
};
/// Nearest-neighbour enlargement by whole factors of h and w.
struct UpsampleNode {
  std::int32_t factor_h = 1, factor_w = 1;
};
/// The same logical value in another layout; put in by the lay-out pass.
struct RelayoutNode {};
/// u8 -> u8, same shape: output = table[input]. What the qdq pass makes of any elementwise function of one u8
/// value.
struct LutNode {
  std::array<std::uint8_t, 256> table{};
};

/// Other formats to f32 and back, by value. Whole numbers to nearest, clamped; bool is x != 0: integers are
/// computed with in f32, which holds them exactly up to 2^24. f16 and bf16 to nearest even: a model's cast to
/// a 16-bit float is a pair of these, what is computed with stays f32, rounded where the model says so.
struct CastNode {};

/// Rows by number: x [outer, rows, inner] and numbers [k] (i32 or i64; -1 is the last row) -> [outer, k,
/// inner], of any format. A number that names no row is the run's fault.
struct GatherNode {};
/// Normalisation of each innermost row, f32 (isa::Norm). Inputs: x; or x and a scale; or x, a scale and a
/// shift, both of the result's rank, each dimension the result's or 1 (repeated).
struct NormNode {
  isa::NormKind kind = isa::NormKind::kLayer;
  float epsilon = 0;
};

using Operator =
    std::variant<ConvNode, DenseNode, PoolNode, BinaryNode, UnaryNode, SoftmaxNode, ReduceNode, QuantiseNode,
                 DequantiseNode, RequantiseNode, ConcatNode, ReshapeNode, TransposeNode, SliceNode, PadNode,
                 UpsampleNode, RelayoutNode, LutNode, CastNode, MatMulNode, GatherNode, NormNode>;

struct Node {
  std::string name;  // the model's node name: what reports and refusals say
  Operator op;
  std::vector<ValueId> inputs;
  ValueId output = kNoValue;
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;  // topological
  std::vector<ValueId> inputs, outputs;

  Value& value(ValueId id) { return values[id]; }
  const Value& value(ValueId id) const { return values[id]; }
  ValueId add(Value value) {
    values.push_back(std::move(value));
    return static_cast<ValueId>(values.size() - 1);
  }
};

/// "conv", "dense", "pool", ...
std::string_view name_of(const Operator& op);

/// For std::visit over Operator with one lambda per alternative.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

/// Whether the node's output is its input's bytes unchanged, given their layouts: a reshape of row-major
/// values (or of [n,c,1,1] in any layout), NHWC -> NCHW between row major and channels last, a relayout of
/// one pixel or of one channel. Such a node needs no instruction: its output may be the same memory.
bool keeps_bytes(const Graph& graph, const Node& node);

/// Per value: the index of the node that makes it, or kNoValue for inputs, constants and unused values.
std::vector<std::uint32_t> producers_of(const Graph& graph);
/// Per value: the nodes that read it (as an input or a residual), ascending, each once.
std::vector<std::vector<std::uint32_t>> users_of(const Graph& graph);
/// The node's value operands: its inputs that are present, and its residual.
std::vector<ValueId> operands_of(const Node& node);
/// The Fused of a conv or dense node, or nullptr.
const Fused* fused_of(const Operator& op);

/// Drops nodes whose results nobody needs, and values that nothing names; keeps the inputs. Values get new
/// ids.
void sweep(Graph& graph);

}  // namespace chengying::compiler
