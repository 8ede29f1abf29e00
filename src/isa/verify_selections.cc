// Operations that compare, choose and look up, each by itself.
#include "isa/verify_kinds.h"
#include "isa/verify_operands.h"

namespace chengying::isa {
namespace {

bool is_truth(DType dtype) {
  return dtype == DType::kU8 || dtype == DType::kBool;
}

Status verify_truth(std::string_view name, const View& view) {
  if (is_truth(view.dtype)) return {};
  return fail(Code::kInvalidArgument, "{} {} is {}; truth values are u8 or bool", name, to_string(view),
              name_of(view.dtype));
}

Status verify_index(std::string_view name, const View& view) {
  if (view.dtype == DType::kI32 || view.dtype == DType::kI64) return {};
  return fail(Code::kInvalidArgument, "{} {} is {}; numbers of elements are i32 or i64", name,
              to_string(view), name_of(view.dtype));
}

/// `few` has the shape of `many` in every dimension but the second.
Status verify_same_rows(std::string_view few_name, const View& few, std::string_view many_name,
                        const View& many) {
  View whole = few;
  whole.shape[1] = many.shape[1];
  if (whole.shape == many.shape) return {};
  return fail(Code::kInvalidArgument, "{} {} and {} {} differ in more than their number of rows", few_name,
              to_string(few), many_name, to_string(many));
}

}  // namespace

Status verify_kind(const Compare& op, const ChipSpec& chip) {
  TRY(verify_view("a", op.a, Role::kInput));
  TRY(verify_view("b", op.b, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_truth("output", op.output));
  TRY(verify_dtype("b", op.b, op.a.dtype));
  const bool logical = op.kind >= CompareKind::kAnd;
  if (logical) TRY(verify_truth("a", op.a));
  const DType dtype = op.a.dtype;
  if (!is_truth(dtype) && dtype != DType::kF32 && dtype != DType::kI32 && dtype != DType::kI64)
    return fail(Code::kInvalidArgument, "compares {}; known: f32, i32, i64, u8 and bool", name_of(dtype));
  TRY(verify_vector(chip, dtype));
  TRY(verify_same_shape("a", op.a, op.output));
  return verify_same_shape("b", op.b, op.output);
}

Status verify_kind(const Select& op, const ChipSpec& chip) {
  TRY(verify_view("condition", op.condition, Role::kInput));
  TRY(verify_view("a", op.a, Role::kInput));
  TRY(verify_view("b", op.b, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_truth("condition", op.condition));
  TRY(verify_dtype("a", op.a, op.output.dtype));
  TRY(verify_dtype("b", op.b, op.output.dtype));
  TRY(verify_vector(chip, op.output.dtype));
  TRY(verify_same_shape("condition", op.condition, op.output));
  TRY(verify_same_shape("a", op.a, op.output));
  return verify_same_shape("b", op.b, op.output);
}

Status verify_kind(const Gather& op, const ChipSpec&) {
  TRY(verify_view("data", op.data, Role::kInput));
  TRY(verify_view("indices", op.indices, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_index("indices", op.indices));
  TRY(verify_dtype("data", op.data, op.output.dtype));
  TRY(verify_same_shape("indices", op.indices, op.output));
  return verify_same_rows("data", op.data, "output", op.output);
}

Status verify_kind(const Scatter& op, const ChipSpec&) {
  TRY(verify_view("updates", op.updates, Role::kInput));
  TRY(verify_view("indices", op.indices, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_index("indices", op.indices));
  TRY(verify_dtype("updates", op.updates, op.output.dtype));
  if (op.indices.shape != op.updates.shape)
    return fail(Code::kInvalidArgument, "indices {} have another shape than updates {}",
                to_string(op.indices), to_string(op.updates));
  return verify_same_rows("updates", op.updates, "output", op.output);
}

Status verify_kind(const TopK& op, const ChipSpec& chip) {
  TRY(verify_view("input", op.input, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("input", op.input, DType::kF32));
  TRY(verify_index("output", op.output));
  TRY(verify_vector(chip, DType::kF32));
  View row = op.output;
  row.shape[3] = op.input.shape[3];
  if (row.shape != op.input.shape)
    return fail(Code::kInvalidArgument,
                "input {} and output {} differ in more than their innermost dimension", to_string(op.input),
                to_string(op.output));
  if (op.output.shape[3] <= op.input.shape[3]) return {};
  return fail(Code::kInvalidArgument, "output {} asks for the best {} of {}", to_string(op.output),
              op.output.shape[3], op.input.shape[3]);
}

Status verify_kind(const Sample& op, const ChipSpec& chip) {
  TRY(verify_view("input", op.input, Role::kInput));
  TRY(verify_view("choice", op.choice, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("input", op.input, DType::kF32));
  TRY(verify_dtype("choice", op.choice, DType::kF32));
  TRY(verify_index("output", op.output));
  TRY(verify_vector(chip, DType::kF32));
  View row = op.output;
  row.shape[3] = op.input.shape[3];
  if (row.shape != op.input.shape || op.output.shape[3] != 1)
    return fail(Code::kInvalidArgument, "output {} must have one number for each row of input {}",
                to_string(op.output), to_string(op.input));
  row.shape[3] = 3;
  if (op.choice.shape == row.shape) return {};
  return fail(Code::kInvalidArgument,
              "choice {} must have u, the inverse temperature and the share kept for each row of input {}",
              to_string(op.choice), to_string(op.input));
}

}  // namespace chengying::isa
