// Casts: by value, between all the types that a tensor may have.
#include <algorithm>

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
  return n.emit(HalfNode{}, {n.emit(HalfNode{}, {x}, as(half))}, as(DType::kF32));
}

}  // namespace

Status lower_cast(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  const std::int64_t to = n.integer("to", 0);
  // ONNX's numbers: 1 float, 2 u8, 3 i8, 5 i16, 6 i32, 7 i64, 9 bool, 10 f16, 11 f64, 16 bf16.
  static constexpr std::pair<std::int64_t, DType> kTypes[] = {
      {1, DType::kF32}, {2, DType::kU8},   {3, DType::kI8},   {5, DType::kI16},  {6, DType::kI32},
      {7, DType::kI64}, {9, DType::kBool}, {10, DType::kF16}, {11, DType::kF64}, {16, DType::kBF16}};
  const auto* type = std::ranges::find(kTypes, to, &std::pair<std::int64_t, DType>::first);
  if (type == std::end(kTypes)) return n.refuse(fmt::format("a cast to ONNX type {}", to));
  const ValueId held = cast_to(n, x, held_as(type->second));
  const bool half = type->second == DType::kF16 || type->second == DType::kBF16;
  n.set_result(half ? rounded_to(n, held, type->second) : held);
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
