// Matrix products, each by itself.
#include "isa/limits.h"
#include "isa/verify_kinds.h"
#include "isa/verify_operands.h"

namespace chengying::isa {
namespace {

Status verify_formats(const MatMul& op) {
  TRY(verify_u8_or_f32("a", op.a));
  TRY(verify_u8_or_f32("output", op.output));
  if (op.a.dtype == DType::kU8) {
    TRY(verify_dtype("b", op.b, DType::kU8));
  } else {
    if (op.b.dtype != DType::kF32 && op.b.dtype != DType::kBF16)
      return fail(Code::kInvalidArgument, "b {} is {}; f32 or bf16 is needed beside an f32 a",
                  to_string(op.b), name_of(op.b.dtype));
    TRY(verify_dtype("output", op.output, DType::kF32));
  }
  if (!op.addend) return {};
  if (op.output.dtype != DType::kF32)
    return fail(Code::kInvalidArgument, "an addend to u8; it is defined for f32 outputs only");
  TRY(verify_view("addend", *op.addend, Role::kInput));
  TRY(verify_dtype("addend", *op.addend, DType::kF32));
  return verify_same_shape("addend", *op.addend, op.output);
}

Status verify_shapes(const MatMul& op) {
  const auto &a = op.a.shape, &b = op.b.shape, &out = op.output.shape;
  if (a[3] != b[2])
    return fail(Code::kInvalidArgument, "a {} has {} columns, b {} has {} rows; they must agree",
                to_string(op.a), a[3], to_string(op.b), b[2]);
  if (out[2] != a[2] || out[3] != b[3])
    return fail(Code::kInvalidArgument, "output {} is {} x {}; the product of a and b is {} x {}",
                to_string(op.output), out[2], out[3], a[2], b[3]);
  for (std::size_t d = 0; d < 2; ++d)
    if (a[d] != out[d] || b[d] != out[d])
      return fail(Code::kInvalidArgument,
                  "a {}, b {} and output {} differ in their batches; where one repeats, its stride is 0",
                  to_string(op.a), to_string(op.b), to_string(op.output));
  return {};
}

}  // namespace

Status verify_kind(const MatMul& op, const ChipSpec& chip) {
  TRY(verify_view("a", op.a, Role::kInput));
  TRY(verify_view("b", op.b, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_formats(op));
  TRY(verify_tensor(chip, op.a.dtype));
  TRY(verify_shapes(op));
  TRY(verify_scale("scale", op.scale));
  TRY(verify_clamp(op.low, op.high));
  if (op.a.dtype == DType::kU8) {
    TRY(verify_zero_point("a_zero_point", op.a_zero_point));
    TRY(verify_zero_point("b_zero_point", op.b_zero_point));
  }
  if (op.output.dtype != DType::kU8) return {};
  return verify_zero_point("output_zero_point", op.output_zero_point);
}

Status verify_kind(const GroupedMatMul& op, const ChipSpec& chip) {
  TRY(verify_view("input", op.input, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("input", op.input, DType::kF32));
  TRY(verify_dtype("output", op.output, DType::kF32));
  TRY(verify_tensor(chip, DType::kU8));
  TRY(verify_innermost("input", op.input));
  TRY(verify_innermost("output", op.output));
  View rows = op.output;
  rows.shape[3] = op.input.shape[3];
  if (rows.shape != op.input.shape)
    return fail(Code::kInvalidArgument, "input {} and output {} differ in their rows", to_string(op.input),
                to_string(op.output));
  if (op.bits != 4 && op.bits != 8)
    return fail(Code::kInvalidArgument, "weights of {} bits; known: 4 and 8", op.bits);
  if (op.group < 8 || op.group > limits::kGroup || op.group % 8 != 0)
    return fail(Code::kInvalidArgument, "groups of {}; allowed: multiples of 8 up to {}", op.group,
                limits::kGroup);
  if (op.input.shape[3] % op.group != 0)
    return fail(Code::kInvalidArgument,
                "input {} has rows of {} elements, not a multiple of its groups of {}", to_string(op.input),
                op.input.shape[3], op.group);
  TRY(verify_block("weights", op.weights));
  TRY(verify_block("scale", op.scale));
  TRY(verify_block("init", op.init));
  return verify_clamp(op.low, op.high);
}

}  // namespace chengying::isa
