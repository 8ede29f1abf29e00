// Norms, rotary embedding and resampling, each by itself.
#include "isa/limits.h"
#include "isa/verify_kinds.h"
#include "isa/verify_operands.h"

namespace chengying::isa {
namespace {

/// f32 of the output's shape.
Status verify_f32(std::string_view name, const View& view, const View& output) {
  TRY(verify_view(name, view, Role::kInput));
  TRY(verify_dtype(name, view, DType::kF32));
  return verify_same_shape(name, view, output);
}

Status verify_taps(std::string_view name, std::int32_t taps) {
  if (taps >= 1 && taps <= limits::kTaps) return {};
  return fail(Code::kInvalidArgument, "{} is {}; allowed: 1 to {}", name, taps, limits::kTaps);
}

}  // namespace

Status verify_kind(const Norm& op, const ChipSpec& chip) {
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("output", op.output, DType::kF32));
  TRY(verify_f32("input", op.input, op.output));
  if (op.scale) TRY(verify_f32("scale", *op.scale, op.output));
  if (op.shift) TRY(verify_f32("shift", *op.shift, op.output));
  TRY(verify_vector(chip, DType::kF32));
  TRY(verify_scale("epsilon", op.epsilon));
  if (op.epsilon >= 0) return {};
  return fail(Code::kInvalidArgument, "epsilon is {}; 0 or more is needed", op.epsilon);
}

Status verify_kind(const Rotary& op, const ChipSpec& chip) {
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("output", op.output, DType::kF32));
  TRY(verify_f32("input", op.input, op.output));
  TRY(verify_vector(chip, DType::kF32));
  if (op.output.shape[3] % 2 != 0)
    return fail(Code::kInvalidArgument, "output {} has rows of {} elements; an even number is needed",
                to_string(op.output), op.output.shape[3]);
  View half = op.output;
  half.shape[3] /= 2;
  for (const auto& [name, view] : {std::pair("cosine", &op.cosine), std::pair("sine", &op.sine)}) {
    TRY(verify_view(name, *view, Role::kInput));
    TRY(verify_dtype(name, *view, DType::kF32));
    if (view->shape != half.shape)
      return fail(Code::kInvalidArgument, "{} {} must have half of each row of output {}", name,
                  to_string(*view), to_string(op.output));
  }
  return {};
}

Status verify_kind(const Resize& op, const ChipSpec& chip) {
  TRY(verify_view("input", op.input, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_u8_or_f32("input", op.input));
  TRY(verify_dtype("output", op.output, op.input.dtype));
  TRY(verify_vector(chip, DType::kF32));
  if (op.input.shape[0] != op.output.shape[0] || op.input.shape[3] != op.output.shape[3])
    return fail(Code::kInvalidArgument, "input {} and output {} differ in images or channels",
                to_string(op.input), to_string(op.output));
  TRY(verify_taps("taps_h", op.taps_h));
  TRY(verify_taps("taps_w", op.taps_w));
  TRY(verify_block("the table of rows", op.rows));
  return verify_block("the table of columns", op.columns);
}

}  // namespace chengying::isa
