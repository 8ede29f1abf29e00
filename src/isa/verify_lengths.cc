// Operations whose length an argument gives: each by itself, and against the program's arguments.
#include "isa/verify_kinds.h"
#include "isa/verify_operands.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

Status verify_wide(std::string_view name, const View& view) {
  if (view.dtype == DType::kF32 || view.dtype == DType::kBF16) return {};
  return fail(Code::kInvalidArgument, "{} {} is {}; f32 or bf16 is needed beside an f32 query", name,
              to_string(view), name_of(view.dtype));
}

Status verify_shape(std::string_view name, const View& view, const std::array<std::int32_t, 4>& wanted) {
  if (view.shape == wanted) return {};
  return fail(Code::kInvalidArgument, "{} {} does not fit the others; [{}] is needed", name, to_string(view),
              fmt::join(wanted, ","));
}

Status verify_length(const Program& program, std::uint64_t index, std::int64_t least, std::int64_t most,
                     std::string_view what) {
  if (index >= program.arguments.size())
    return fail(Code::kInvalidArgument, "takes {} from argument {} of {}", what, index,
                program.arguments.size());
  const Argument& argument = program.arguments[index];
  if (argument.low >= least && argument.high <= most) return {};
  return fail(Code::kInvalidArgument, "argument '{}' may be {} to {}; as {} it must stay within {} to {}",
              argument.name, argument.low, argument.high, what, least, most);
}

Status verify_one(const auto&, const Program&) {
  return {};
}

Status verify_one(const Attention& op, const Program& program) {
  const std::int64_t room = std::int64_t{op.pages.shape[3]} * op.keys.shape[2];
  for (std::int32_t s = 0; s < op.query.shape[0]; ++s)
    TRY(verify_length(program, std::uint64_t{op.lengths} + static_cast<std::uint64_t>(s), op.query.shape[2],
                      room, "the length of a sequence"));
  return {};
}

Status verify_one(const Scan& op, const Program& program) {
  if (!op.count) return {};
  return verify_length(program, *op.count, op.output.shape[3], op.rows.shape[2], "the count of rows");
}

}  // namespace

Status verify_kind(const Attention& op, const ChipSpec& chip) {
  TRY(verify_view("query", op.query, Role::kInput));
  TRY(verify_view("keys", op.keys, Role::kInput));
  TRY(verify_view("values", op.values, Role::kInput));
  TRY(verify_view("pages", op.pages, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_dtype("query", op.query, DType::kF32));
  TRY(verify_wide("keys", op.keys));
  TRY(verify_dtype("values", op.values, op.keys.dtype));
  TRY(verify_dtype("pages", op.pages, DType::kI32));
  TRY(verify_dtype("output", op.output, DType::kF32));
  TRY(verify_tensor(chip, DType::kF32));
  for (const auto& [name, view] : {std::pair("query", &op.query), std::pair("keys", &op.keys),
                                   std::pair("values", &op.values), std::pair("output", &op.output)})
    TRY(verify_innermost(name, *view));
  TRY(verify_same_shape("query", op.query, op.output));
  TRY(verify_shape("values", op.values, op.keys.shape));
  if (op.keys.shape[3] != op.query.shape[3])
    return fail(Code::kInvalidArgument, "query {} and keys {} differ in the length of their rows",
                to_string(op.query), to_string(op.keys));
  if (op.query.shape[1] % op.keys.shape[1] != 0)
    return fail(Code::kInvalidArgument, "{} heads of query are no multiple of {} heads of keys",
                op.query.shape[1], op.keys.shape[1]);
  TRY(verify_shape("pages", op.pages, {1, 1, op.query.shape[0], op.pages.shape[3]}));
  return verify_scale("scale", op.scale);
}

Status verify_kind(const Scan& op, const ChipSpec& chip) {
  TRY(verify_view("query", op.query, Role::kInput));
  TRY(verify_view("rows", op.rows, Role::kInput));
  TRY(verify_view("output", op.output, Role::kOutput));
  TRY(verify_u8_or_f32("query", op.query));
  if (op.query.dtype == DType::kU8) {
    TRY(verify_dtype("rows", op.rows, DType::kU8));
    TRY(verify_zero_point("query_zero_point", op.query_zero_point));
    TRY(verify_zero_point("rows_zero_point", op.rows_zero_point));
  } else {
    TRY(verify_wide("rows", op.rows));
  }
  TRY(verify_dtype("output", op.output, DType::kI32));
  TRY(verify_tensor(chip, op.query.dtype));
  TRY(verify_innermost("query", op.query));
  TRY(verify_innermost("rows", op.rows));
  const std::int32_t m = op.query.shape[2], n = op.rows.shape[2], d = op.query.shape[3];
  TRY(verify_shape("query", op.query, {1, 1, m, d}));
  TRY(verify_shape("rows", op.rows, {1, 1, n, d}));
  TRY(verify_shape("output", op.output, {1, 1, m, op.output.shape[3]}));
  if (op.addend) {
    TRY(verify_view("addend", *op.addend, Role::kInput));
    TRY(verify_dtype("addend", *op.addend, DType::kF32));
    TRY(verify_shape("addend", *op.addend, {1, 1, m, n}));
  }
  if (op.output.shape[3] > n)
    return fail(Code::kInvalidArgument, "output {} asks for the best {} of {}", to_string(op.output),
                op.output.shape[3], n);
  return verify_scale("scale", op.scale);
}

Status verify_lengths(const Operation& operation, const Program& program) {
  return std::visit([&](const auto& op) { return verify_one(op, program); }, operation);
}

}  // namespace chengying::isa
