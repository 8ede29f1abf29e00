// Casts: by value, between all the types that a tensor may have.
#include <utility>

#include "compiler/import/numbers.h"
#include "compiler/import/operators.h"
#include "compiler/import/real.h"
#include "compiler/import/tensor_proto.h"

namespace chengying::compiler {
namespace {

/// x in the type in which the target is held. What leaves a narrow integer wraps around; reals lose what is
/// behind the point.
ValueId cast_to(NodeLowering& n, ValueId x, DType target) {
  const DType from = n.type_of(x);
  if (from == target) return x;
  if (const ConstantTensor known = n.known(x))
    return n.add_constant(from_doubles(as_doubles(*known), target, known->shape()));
  if (from == DType::kU8 && target == DType::kF32 &&
      n.set_quantisation(x, Quantisation{.scales = {1}, .zero_point = 0, .axis = 0})) {
    return n.emit(
        DequantiseNode{}, {x},
        Value{.name = {}, .dtype = DType::kF32, .shape = n.shape(x), .quantisation = {}, .constant = {}});
  }
  const Real real{&n, n.to_real(x)};
  if (target == DType::kF32 || target == DType::kBool) return n.from_real(real.id, target);
  return n.from_real(wrapped(from == DType::kF32 ? truncate(real) : real, target).id, target);
}

/// The nearest values that `half` (f16 or bf16) has, as f32.
ValueId rounded_to(NodeLowering& n, ValueId x, DType half) {
  const auto as = [&](DType dtype) {
    return Value{.name = {}, .dtype = dtype, .shape = n.shape(x), .quantisation = {}, .constant = {}};
  };
  return n.emit(CastNode{}, {n.emit(CastNode{}, {x}, as(half))}, as(DType::kF32));
}

}  // namespace

Status lower_cast(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const std::int64_t to = n.integer("to", 0);
  const auto type =
      dtype_of_onnx(std::in_range<std::int32_t>(to) ? static_cast<std::int32_t>(to) : 0, "a cast");
  if (!type) return n.refuse(fmt::format("a cast to ONNX type {}", to));
  const ValueId held = cast_to(n, x, held_as(*type));
  const bool half = *type == DType::kF16 || *type == DType::kBF16;
  n.set_result(half ? rounded_to(n, held, *type) : held);
  return {};
}

/// To the type of the second operand.
Status lower_cast_like(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const ValueId like, n.input(1));
  n.set_result(cast_to(n, x, n.type_of(like)));
  return {};
}

}  // namespace chengying::compiler
