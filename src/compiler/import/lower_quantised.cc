// Quantised operators. A quantised model's i8 activations become u8 here: bytes and zero point shifted by
// 128, the same real numbers. Every QLinear operator is its real operator between dequantisations and a
// quantisation; the qdq pass finds the integer form again, as it does for models that are written so.
#include <algorithm>
#include <cmath>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

struct Parameters {
  Quantisation quantisation;  // as the model has it
  DType dtype = DType::kU8;   // of the zero point
  bool has_zero_point = false;
};

Result<Parameters> parameters_of(NodeLowering& n, std::size_t scale_at, std::size_t zero_at) {
  Parameters p;
  TRY_ASSIGN(p.quantisation.scales, n.floats(scale_at));
  const bool positive =
      std::ranges::all_of(p.quantisation.scales, [](float s) { return s > 0 && std::isfinite(s); });
  if (p.quantisation.scales.empty() || !positive) return n.broken("a scale is not a positive number");
  if (!n.has(zero_at)) return p;
  TRY_ASSIGN(const ConstantTensor zero, n.constant(zero_at));
  p.has_zero_point = true;
  p.dtype = zero->dtype();
  if (zero->elements() < 1) return n.broken("an empty zero point");
  std::vector<std::int32_t> zeros;
  for (std::int64_t i = 0; i < zero->elements(); ++i) {
    if (p.dtype == DType::kU8)
      zeros.push_back(zero->as<std::uint8_t>()[i]);
    else if (p.dtype == DType::kI8)
      zeros.push_back(zero->as<std::int8_t>()[i]);
    else if (p.dtype == DType::kI32)
      zeros.push_back(zero->as<std::int32_t>()[i]);
    else
      return n.refuse(
          fmt::format("a zero point of type {}; uint8, int8 and int32 are supported", name_of(p.dtype)));
  }
  if (std::ranges::any_of(zeros, [&](std::int32_t z) { return z != zeros.front(); }))
    return n.refuse("zero points that differ along the axis; make the weights symmetric");
  p.quantisation.zero_point = zeros.front();
  return p;
}

/// u8 with the zero point shifted where the model has i8.
Quantisation as_u8(const Parameters& p) {
  Quantisation q = p.quantisation;
  if (p.dtype == DType::kI8) q.zero_point += 128;
  return q;
}

Value real_value(const Shape& shape) {
  return Value{.name = {}, .dtype = DType::kF32, .shape = shape, .quantisation = {}, .constant = {}};
}

/// A constant that stands for real numbers: kept as integers behind a dequantisation.
Result<ValueId> dequantised_constant(NodeLowering& n, ValueId x, Parameters p, std::int64_t axis) {
  const ConstantTensor tensor = n.value(x).constant;
  if (p.quantisation.scales.size() > 1) {
    TRY_ASSIGN(p.quantisation.axis, n.axis_of(axis, n.shape(x).size()));
    if (n.shape(x)[p.quantisation.axis] != static_cast<std::int64_t>(p.quantisation.scales.size()))
      return n.broken(fmt::format("{} scales along a dimension of {}", p.quantisation.scales.size(),
                                  n.shape(x)[p.quantisation.axis]));
  }
  const DType dtype = tensor->dtype();
  if (dtype != DType::kU8 && dtype != DType::kI8 && dtype != DType::kI32)
    return n.refuse(fmt::format("of {}; uint8, int8 and int32 are supported", name_of(dtype)));
  if (p.has_zero_point && p.dtype != dtype)
    return n.broken("the zero point has another type than the tensor");
  const ValueId bytes = n.add_value(Value{.name = n.value(x).name,
                                          .dtype = dtype,
                                          .shape = tensor->shape(),
                                          .quantisation = p.quantisation,
                                          .constant = tensor});
  return n.emit(DequantiseNode{}, {bytes}, real_value(tensor->shape()));
}

/// The scale is computed, or there is one for each channel: not what bytes can stand for.
bool by_formula(NodeLowering& n, std::size_t scale_at) {
  const Result<ValueId> scale = n.input(scale_at);
  return scale && (n.known(*scale) == nullptr || *element_count(n.shape(*scale)) > 1);
}

/// A parameter, or a vector of them along `axis`, of a tensor of that rank, in f32.
Result<Real> along(NodeLowering& n, std::size_t i, Shape x, std::int64_t axis_given) {  // a copy: values move
  TRY_ASSIGN(const Real parameter, real_operand(n, i));
  if (*element_count(parameter.shape()) == 1) return reshape(parameter, Shape(x.size(), 1));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(axis_given, x.size()));
  if (parameter.shape() != Shape{x[axis]})
    return n.broken(
        fmt::format("parameters {} along a dimension of {}", to_string(parameter.shape()), x[axis]));
  Shape wide(x.size(), 1);
  wide[axis] = x[axis];
  return reshape(parameter, std::move(wide));
}

/// Activations with a scale for each channel: (x - zero) * scale, in f32.
Result<ValueId> dequantised_by_channel(NodeLowering& n, ValueId x, std::size_t scale_at, std::size_t zero_at,
                                       std::int64_t axis) {
  TRY_ASSIGN(const Real scale, along(n, scale_at, n.shape(x), axis));
  Real y{&n, n.to_real(x)};
  if (n.has(zero_at)) {
    TRY_ASSIGN(const Real zero, along(n, zero_at, n.shape(x), axis));
    y = y - zero;
  }
  return (y * scale).id;
}

/// The other way: clamp(round(x / scale) + zero), which a cast to the zero point's type does.
Result<ValueId> quantised_by_channel(NodeLowering& n, const Real& x, std::int64_t axis) {
  TRY_ASSIGN(const Real scale, along(n, 1, x.shape(), axis));
  const Real steps = round(x / scale);
  if (!n.has(2)) return n.from_real(steps.id, DType::kU8);
  TRY_ASSIGN(const Real zero, along(n, 2, x.shape(), axis));
  TRY_ASSIGN(const ValueId zero_id, n.input(2));
  return n.from_real((steps + zero).id, n.type_of(zero_id));
}

Result<ValueId> dequantised(NodeLowering& n, std::size_t x_at, std::size_t scale_at, std::size_t zero_at,
                            std::int64_t axis = 1) {
  TRY_ASSIGN(ValueId x, n.input(x_at));
  if (n.value(x).constant == nullptr && by_formula(n, scale_at))
    return dequantised_by_channel(n, x, scale_at, zero_at, axis);
  TRY_ASSIGN(Parameters p, parameters_of(n, scale_at, zero_at));
  if (n.value(x).constant != nullptr) return dequantised_constant(n, x, std::move(p), axis);
  const DType held = n.value(x).dtype;
  if (held == DType::kI8) {  // a model input
    if (!n.set_quantisation(x, p.quantisation))
      return n.refuse("bytes that are read with two different scales");
    Value bytes = n.value(x);
    bytes.dtype = DType::kU8;
    bytes.quantisation->zero_point += 128;
    x = n.emit(RequantiseNode{}, {x}, std::move(bytes));
  } else if (held == DType::kU8) {
    if (n.is_from_i8(x)) p.dtype = DType::kI8;
    if (!n.set_quantisation(x, as_u8(p))) return n.refuse("bytes that are read with two different scales");
  } else {
    return n.refuse(fmt::format("of computed {}; uint8 and int8 are supported", name_of(held)));
  }
  return n.emit(DequantiseNode{}, {x}, real_value(n.shape(x)));
}

Result<ValueId> quantised(NodeLowering& n, ValueId x, std::size_t scale_at, std::size_t zero_at) {
  TRY_ASSIGN(const Parameters p, parameters_of(n, scale_at, zero_at));
  if (p.dtype != DType::kU8 && p.dtype != DType::kI8)
    return n.refuse(fmt::format("to {}; uint8 and int8 are supported", name_of(p.dtype)));
  if (p.quantisation.scales.size() != 1) return n.refuse("activations with a scale for each channel");
  Value bytes{.name = {}, .dtype = DType::kU8, .shape = n.shape(x), .quantisation = as_u8(p), .constant = {}};
  const ValueId y = n.emit(QuantiseNode{}, {x}, std::move(bytes));
  if (p.dtype == DType::kI8) n.mark_from_i8(y);
  return y;
}

/// A float constant that the model quantises on the way: its integers, per tensor or along an axis.
Result<ValueId> quantised_constant(NodeLowering& n, ValueId x, const Parameters& p, std::int64_t axis_given) {
  const Tensor& real = *n.value(x).constant;
  const Quantisation& q = p.quantisation;
  TRY_ASSIGN(const std::int32_t axis,
             q.scales.size() > 1 ? n.axis_of(axis_given, real.shape().size()) : Result<std::int32_t>(0));
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < real.shape().size(); ++d)
    inner *= real.shape()[d];
  const std::int64_t channels = static_cast<std::int64_t>(q.scales.size());
  if (channels > 1 && real.shape()[axis] != channels)
    return n.broken("scales of another length than the dimension");
  Tensor bytes(p.dtype, real.shape());
  const float least = p.dtype == DType::kU8 ? 0 : -128, most = p.dtype == DType::kU8 ? 255 : 127;
  for (std::int64_t i = 0; i < real.elements(); ++i) {
    const float scale = q.scales[static_cast<std::size_t>(channels > 1 ? i / inner % channels : 0)];
    const float step = std::nearbyint(real.as<float>()[i] / scale) + static_cast<float>(q.zero_point);
    const auto byte = static_cast<std::int32_t>(std::clamp(std::isnan(step) ? least : step, least, most));
    bytes.bytes()[i] = static_cast<std::byte>(byte);
  }
  return n.add_constant(std::move(bytes), "quantised");
}

}  // namespace

Status lower_quantize_linear(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  if (n.value(x).constant != nullptr) {
    TRY_ASSIGN(const Parameters p, parameters_of(n, 1, 2));
    if (p.dtype != DType::kU8 && p.dtype != DType::kI8)
      return n.refuse(fmt::format("to {}; uint8 and int8 are supported", name_of(p.dtype)));
    TRY_ASSIGN(const ValueId bytes, quantised_constant(n, x, p, n.integer("axis", 1)));
    n.set_result(bytes);
    return {};
  }
  if (by_formula(n, 1)) {
    TRY_ASSIGN(const ValueId bytes, quantised_by_channel(n, {&n, x}, n.integer("axis", 1)));
    n.set_result(bytes);
    return {};
  }
  TRY_ASSIGN(const ValueId y, quantised(n, x, 1, 2));
  n.set_result(y);
  return {};
}

Status lower_dequantize_linear(NodeLowering& n) {
  if (n.integer("block_size", 0) != 0)
    return n.refuse("scales for blocks; one scale or one for each channel is supported");
  TRY_ASSIGN(const ValueId y, dequantised(n, 0, 1, 2, n.integer("axis", 1)));
  n.set_result(y);
  return {};
}

Result<ValueId> symmetric_weights(NodeLowering& n, ValueId weights) {
  const ValueId from = n.dequantised_from(weights);
  if (from == kNoValue) return weights;
  const Value& value = n.value(from);
  const Quantisation& q = *value.quantisation;
  if (value.dtype != DType::kU8 && value.dtype != DType::kI8)
    return n.refuse(fmt::format("weights of {}; int8 and uint8 are supported", name_of(value.dtype)));
  if (value.dtype == DType::kI8 && q.zero_point == 0) return weights;
  Tensor shifted(DType::kI8, value.shape);
  for (std::int64_t i = 0; i < shifted.elements(); ++i) {
    const std::int32_t byte = value.dtype == DType::kU8 ? std::int32_t{value.constant->as<std::uint8_t>()[i]}
                                                        : std::int32_t{value.constant->as<std::int8_t>()[i]};
    const std::int32_t weight = byte - q.zero_point;
    if (weight < -128 || weight > 127)
      return n.refuse(
          fmt::format("weights with zero point {}, which do not fit int8 around 0 (one is {}); quantise "
                      "them symmetrically",
                      q.zero_point, weight));
    shifted.as<std::int8_t>()[i] = static_cast<std::int8_t>(weight);
  }
  Quantisation symmetric = q;
  symmetric.zero_point = 0;
  const ValueId bytes = n.add_constant(std::move(shifted), "symmetric");
  n.mutable_graph().value(bytes).quantisation = std::move(symmetric);
  return n.emit(DequantiseNode{}, {bytes}, real_value(n.shape(bytes)));
}

Result<ValueId> narrow_weights(NodeLowering& n, ValueId weights) {
  Result<ValueId> symmetric = symmetric_weights(n, weights);
  if (symmetric || symmetric.error().code != Code::kUnsupported) return symmetric;
  return n.add_constant(Tensor(*n.known(weights)), "real");
}

namespace {

/// An i32 bias in steps of s_x * s_w[k], as a real vector behind a dequantisation.
Result<ValueId> accumulator_bias(NodeLowering& n, std::size_t at, std::size_t x_scale_at,
                                 std::size_t w_scale_at) {
  TRY_ASSIGN(const ConstantTensor bias, n.constant(at));
  TRY_ASSIGN(const float x_scale, n.scalar(x_scale_at));
  TRY_ASSIGN(const std::vector<float> w_scales, n.floats(w_scale_at));
  if (bias->dtype() != DType::kI32 || bias->shape().size() != 1)
    return n.broken("the bias is not a vector of int32");
  if (w_scales.size() != 1 && static_cast<std::int64_t>(w_scales.size()) != bias->elements())
    return n.broken("weight scales of another length than the bias");
  Quantisation q;
  for (const float w : w_scales) q.scales.push_back(x_scale * w);
  const ValueId id = n.add_constant(*bias, "bias");
  n.mutable_graph().value(id).quantisation = std::move(q);
  return n.emit(DequantiseNode{}, {id}, real_value(n.shape(id)));
}

}  // namespace

// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias
Status lower_qlinear_conv(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, dequantised(n, 0, 1, 2));
  TRY_ASSIGN(const ValueId weights, dequantised(n, 3, 4, 5, 0));
  ValueId bias = kNoValue;
  if (n.has(8)) {
    TRY_ASSIGN(bias, accumulator_bias(n, 8, 1, 4));
  }
  TRY_ASSIGN(const ValueId y, make_conv(n, x, weights, bias));
  TRY_ASSIGN(const ValueId bytes, quantised(n, y, 6, 7));
  n.set_result(bytes);
  return {};
}

// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
Status lower_qlinear_matmul(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, dequantised(n, 0, 1, 2));
  TRY_ASSIGN(const ValueId weights, dequantised(n, 3, 4, 5, -1));
  TRY_ASSIGN(const ValueId y, make_matmul(n, x, weights));
  TRY_ASSIGN(const ValueId bytes, quantised(n, y, 6, 7));
  n.set_result(bytes);
  return {};
}

// a, a_scale, a_zero, b, b_scale, b_zero, bias, y_scale, y_zero
Status lower_qgemm(NodeLowering& n) {
  if (n.integer("transA", 0) != 0) return n.refuse("transA: the input must not be transposed");
  if (n.number("alpha", 1) != 1) return n.refuse("alpha; fold it into the weights' scale");
  const bool transposed = n.integer("transB", 0) != 0;
  TRY_ASSIGN(const ValueId x, dequantised(n, 0, 1, 2));
  TRY_ASSIGN(ValueId weights, dequantised(n, 3, 4, 5, transposed ? 0 : 1));
  if (n.known(weights) == nullptr) return n.refuse("the second matrix must be constant");
  if (n.shape(weights).size() != 2 || n.shape(x).size() != 2) return n.broken("matrices are wanted");
  if (!transposed) weights = n.transpose(weights, {1, 0});
  if (n.shape(x)[1] != n.shape(weights)[1]) return n.broken("the matrices do not fit");
  TRY_ASSIGN(weights, symmetric_weights(n, weights));
  ValueId bias = kNoValue;
  if (n.has(6)) {
    TRY_ASSIGN(bias, accumulator_bias(n, 6, 1, 4));
    if (n.shape(bias) != Shape{n.shape(weights)[0]})
      return n.broken("a bias of another length than the columns");
  }
  ValueId y = make_dense(n, x, weights, bias);
  if (n.has(7)) {
    TRY_ASSIGN(y, quantised(n, y, 7, 8));
  }
  n.set_result(y);
  return {};
}

// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
Status lower_qlinear_binary(NodeLowering& n) {
  TRY_ASSIGN(const ValueId a, dequantised(n, 0, 1, 2));
  TRY_ASSIGN(const ValueId b, dequantised(n, 3, 4, 5));
  if (!broadcast_shape(n.shape(a), n.shape(b))) return n.broken("shapes that do not repeat to one another");
  const auto kind = n.node().op == "QLinearAdd" ? isa::BinaryKind::kAdd : isa::BinaryKind::kMul;
  TRY_ASSIGN(const ValueId bytes, quantised(n, n.binary(kind, a, b), 6, 7));
  n.set_result(bytes);
  return {};
}

// x, x_scale, x_zero, y_scale, y_zero
Status lower_qlinear_unary(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, dequantised(n, 0, 1, 2));
  const bool leaky = n.node().op == "QLinearLeakyRelu";
  const ValueId y = leaky ? n.unary(isa::UnaryKind::kLeakyRelu, x, n.number("alpha", 0.01F))
                          : n.unary(isa::UnaryKind::kSigmoid, x);
  TRY_ASSIGN(const ValueId bytes, quantised(n, y, 3, 4));
  n.set_result(bytes);
  return {};
}

Status lower_qlinear_pool(NodeLowering& n) {
  TRY_ASSIGN(ValueId x, dequantised(n, 0, 1, 2));
  const bool last = n.integer("channels_last", 0) != 0;
  if (n.shape(x).size() != 4) return n.refuse("an input of rank 4 is supported");
  if (last) x = n.transpose(x, {0, 3, 1, 2});
  ValueId y = kNoValue;
  if (n.node().op == "QLinearGlobalAveragePool") {
    TRY_ASSIGN(y, make_global_pool(n, x, isa::PoolKind::kAverage));
  } else {
    TRY_ASSIGN(const WindowGeometry geometry, window_geometry(n, n.shape(x), n.integers("kernel_shape", {})));
    const bool with_pad = n.integer("count_include_pad", 0) != 0 && (geometry.h.padded || geometry.w.padded);
    const auto kind = with_pad ? isa::PoolKind::kAverageWithPad : isa::PoolKind::kAverage;
    y = n.emit(PoolNode{.kind = kind, .window = geometry.window}, {x},
               Shape{n.shape(x)[0], n.shape(x)[1], geometry.h.out, geometry.w.out});
  }
  if (last) y = n.transpose(y, {0, 2, 3, 1});
  TRY_ASSIGN(const ValueId bytes, quantised(n, y, 3, 4));
  n.set_result(bytes);
  return {};
}

// y_scale, y_zero, then x, scale, zero for each part
Status lower_qlinear_concat(NodeLowering& n) {
  if (n.inputs() < 5 || (n.inputs() - 2) % 3 != 0)
    return n.broken("inputs are not y's scale and zero, and three for each part");
  std::vector<ValueId> parts;
  Shape to;
  std::int32_t axis = 0;
  for (std::size_t i = 2; i < n.inputs(); i += 3) {
    TRY_ASSIGN(const ValueId part, dequantised(n, i, i + 1, i + 2));
    Shape shape = n.shape(part);
    if (parts.empty()) {
      TRY_ASSIGN(axis, n.axis_of(n.integer("axis", 0), shape.size()));
      to = shape;
    } else {
      if (shape.size() != to.size()) return n.broken("parts of different ranks");
      to[axis] += shape[axis];
      shape[axis] = to[axis];
      if (shape != to) return n.broken("parts whose other dimensions differ");
    }
    parts.push_back(part);
  }
  const ValueId joined = n.emit(ConcatNode{axis}, std::move(parts), std::move(to));
  TRY_ASSIGN(const ValueId bytes, quantised(n, joined, 0, 1));
  n.set_result(bytes);
  return {};
}

}  // namespace chengying::compiler
