// One operation by itself: sane numbers, operands that agree, formats that the chip has.
#include "isa/limits.h"
#include "isa/packing.h"
#include "isa/verify_kinds.h"
#include "isa/verify_operands.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

bool convertible(DType from, DType to) {
  const auto is_integer = [](DType t) {
    return t == DType::kU8 || t == DType::kI8 || t == DType::kI16 || t == DType::kI32 || t == DType::kI64;
  };
  const auto is_half = [](DType t) { return t == DType::kF16 || t == DType::kBF16; };
  const auto is_any = [&](DType t) { return is_integer(t) || is_half(t) || t == DType::kBool; };
  if (from == DType::kF32) return is_any(to);
  if (to == DType::kF32) return is_any(from);
  return is_integer(from) && is_integer(to);
}

/// Asks each operation for what it needs.
class OperationVerifier {
 public:
  explicit OperationVerifier(const ChipSpec& chip) : chip_(chip) {}

  Status operator()(const Conv& op) const {
    TRY(verify_convolution(op));
    const std::int64_t group =
        (std::int64_t{op.input.shape[3]} + kReduceGroup - 1) / kReduceGroup * kReduceGroup;
    const std::int64_t places = std::int64_t{op.window.kernel_h} * op.window.kernel_w;
    if (group * places > limits::kElements / op.output.shape[3] || group * places > (1 << 28))
      return fail(Code::kTooLarge, "weights of {}x{}x{}x{}; the limit is {} each output channel",
                  op.output.shape[3], op.window.kernel_h, op.window.kernel_w, op.input.shape[3], 1 << 28);
    const bool one_pixel = op.input.shape[0] == 1 && op.input.shape[1] == 1 && op.input.shape[2] == 1;
    if (op.input.dtype == DType::kU8 && !one_pixel && op.input.stride[2] < group)
      return fail(Code::kInvalidArgument,
                  "input {} has pixels {} bytes apart; {}, its channels rounded up to {}, are "
                  "needed",
                  to_string(op.input), op.input.stride[2], group, kReduceGroup);
    return {};
  }

  Status operator()(const DepthwiseConv& op) const {
    TRY(verify_convolution(op));
    if (op.input.shape[3] == op.output.shape[3]) return {};
    return fail(Code::kInvalidArgument, "input {} and output {} differ in channels", to_string(op.input),
                to_string(op.output));
  }

  Status operator()(const Pool& op) const {
    TRY(verify_view("input", op.input, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    TRY(verify_u8_or_f32("input", op.input));
    TRY(verify_dtype("output", op.output, op.input.dtype));
    TRY(verify_vector(op.input.dtype));
    TRY(verify_innermost("input", op.input));
    TRY(verify_innermost("output", op.output));
    if (op.input.shape[0] != op.output.shape[0] || op.input.shape[3] != op.output.shape[3])
      return fail(Code::kInvalidArgument, "input {} and output {} differ in images or channels",
                  to_string(op.input), to_string(op.output));
    const Window& w = op.window;
    TRY(verify_window(w, op.output));
    if (std::int64_t{w.kernel_h} * w.kernel_w > limits::kPoolPlaces)
      return fail(Code::kTooLarge, "window of {}x{}; the limit is {} places", w.kernel_h, w.kernel_w,
                  limits::kPoolPlaces);
    if (op.input.dtype != DType::kU8) return {};
    TRY(verify_scale("scale", op.scale));
    TRY(verify_zero_point("input_zero_point", op.input_zero_point));
    return verify_zero_point("output_zero_point", op.output_zero_point);
  }

  Status operator()(const Binary& op) const {
    TRY(verify_view("a", op.a, Role::kInput));
    TRY(verify_view("b", op.b, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    const bool whole = op.output.dtype == DType::kI32 || op.output.dtype == DType::kI64;
    if (!whole) TRY(verify_u8_or_f32("output", op.output));
    TRY(verify_dtype("a", op.a, op.output.dtype));
    TRY(verify_dtype("b", op.b, op.output.dtype));
    TRY(verify_vector(op.output.dtype));
    TRY(verify_same_shape("a", op.a, op.output));
    TRY(verify_same_shape("b", op.b, op.output));
    TRY(verify_clamp(op.low, op.high));
    if (whole && (op.kind == BinaryKind::kPow || op.low != -kInfinity || op.high != kInfinity))
      return fail(Code::kInvalidArgument, "{} of {} with bounds [{}, {}]; pow and bounds are for f32",
                  name_of(op.kind), name_of(op.output.dtype), op.low, op.high);
    if (op.output.dtype != DType::kU8) return {};
    if (op.kind == BinaryKind::kDiv || op.kind == BinaryKind::kPow)
      return fail(Code::kInvalidArgument, "{} of u8; it is defined for f32 only", name_of(op.kind));
    TRY(verify_scale("a_scale", op.a_scale));
    TRY(verify_scale("b_scale", op.b_scale));
    TRY(verify_zero_point("a_zero_point", op.a_zero_point));
    TRY(verify_zero_point("b_zero_point", op.b_zero_point));
    return verify_zero_point("output_zero_point", op.output_zero_point);
  }

  Status operator()(const Unary& op) const { return verify_f32(op.input, op.output); }

  Status operator()(const Lut& op) const {
    TRY(verify_view("input", op.input, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    for (const View* view : {&op.input, &op.output})
      if (view->dtype != DType::kU8 && view->dtype != DType::kI8)
        return fail(Code::kInvalidArgument, "looks up {}; u8 or i8 is needed", name_of(view->dtype));
    TRY(verify_vector(DType::kU8));
    TRY(verify_same_shape("input", op.input, op.output));
    return verify_block("table", op.table);
  }

  Status operator()(const Convert& op) const {
    TRY(verify_view("input", op.input, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    const DType from = op.input.dtype, to = op.output.dtype;
    if (!convertible(from, to))
      return fail(
          Code::kInvalidArgument,
          "converts {} to {}; known: f32 to and from u8, i8, i16, i32, i64, bool, f16 and bf16, and between "
          "u8, i8, i16, i32 and i64",
          name_of(from), name_of(to));
    TRY(verify_vector(from));
    TRY(verify_vector(to));
    TRY(verify_same_shape("input", op.input, op.output));
    TRY(verify_scale("scale", op.scale));
    const bool wide = from == DType::kF32 ? size_of(to) > 1 || to == DType::kBool
                                          : from == DType::kI64 && to == DType::kF32;
    if (wide && op.zero_point != 0)
      return fail(Code::kInvalidArgument, "zero_point is {}; converting {} to {} takes 0", op.zero_point,
                  name_of(from), name_of(to));
    if (op.scale > 0 || from != DType::kF32) return {};
    return fail(Code::kInvalidArgument, "scale is {}; a number above 0 is needed", op.scale);
  }

  Status operator()(const Softmax& op) const {
    TRY(verify_f32(op.input, op.output));
    TRY(verify_innermost("input", op.input));
    return verify_innermost("output", op.output);
  }

  Status operator()(const Reduce& op) const {
    TRY(verify_view("input", op.input, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    TRY(verify_dtype("input", op.input, DType::kF32));
    TRY(verify_dtype("output", op.output, DType::kF32));
    TRY(verify_vector(DType::kF32));
    for (std::size_t d = 0; d < 4; ++d)
      if (op.output.shape[d] != 1 && op.output.shape[d] != op.input.shape[d])
        return fail(Code::kInvalidArgument,
                    "output {} must have 1 or the input's length in each dimension of {}",
                    to_string(op.output), to_string(op.input));
    return {};
  }

  template <class Op>
  Status operator()(const Op& op) const {
    return verify_kind(op, chip_);
  }

  Status operator()(const Copy& op) const {
    TRY(verify_view("source", op.source, Role::kInput));
    TRY(verify_view("destination", op.destination, Role::kOutput));
    TRY(verify_dtype("source", op.source, op.destination.dtype));
    return verify_same_shape("source", op.source, op.destination);
  }

 private:
  template <class Convolution>
  Status verify_convolution(const Convolution& op) const {
    TRY(verify_view("input", op.input, Role::kInput));
    TRY(verify_view("output", op.output, Role::kOutput));
    TRY(verify_u8_or_f32("input", op.input));
    const bool u8 = op.input.dtype == DType::kU8;
    if (!(u8 && op.output.dtype == DType::kF32)) TRY(verify_dtype("output", op.output, op.input.dtype));
    TRY(verify_tensor(chip_, op.input.dtype));
    TRY(verify_innermost("input", op.input));
    TRY(verify_innermost("output", op.output));
    if (op.input.shape[0] != op.output.shape[0])
      return fail(Code::kInvalidArgument, "input {} and output {} differ in images", to_string(op.input),
                  to_string(op.output));
    TRY(verify_window(op.window, op.output));
    TRY(verify_block("weights", op.weights));
    TRY(verify_block("init", op.init));
    if (u8) TRY(verify_block("scale", op.epilogue.scale));
    return verify_epilogue(op.epilogue, op.output);
  }

  Status verify_epilogue(const Epilogue& epilogue, const View& output) const {
    TRY(verify_clamp(epilogue.low, epilogue.high));
    const bool u8 = output.dtype == DType::kU8;
    if (u8) TRY(verify_zero_point("output_zero_point", epilogue.output_zero_point));
    if (epilogue.inner && !u8)
      return fail(Code::kInvalidArgument, "an inner quantiser on f32; it is defined for u8 only");
    if (epilogue.inner) {
      TRY(verify_zero_point("the inner zero_point", epilogue.inner->zero_point));
      TRY(verify_scale("the inner rescale", epilogue.inner->rescale));
    }
    if (!epilogue.residual) return {};
    const Residual& residual = *epilogue.residual;
    TRY(verify_view("residual", residual.view, Role::kInput));
    TRY(verify_dtype("residual", residual.view, output.dtype));
    TRY(verify_same_shape("residual", residual.view, output));
    TRY(verify_innermost("residual", residual.view));
    if (!u8) return {};
    TRY(verify_scale("the residual's scale", residual.scale));
    return verify_zero_point("the residual's zero_point", residual.zero_point);
  }

  Status verify_f32(const View& input, const View& output) const {
    TRY(verify_view("input", input, Role::kInput));
    TRY(verify_view("output", output, Role::kOutput));
    TRY(verify_dtype("input", input, DType::kF32));
    TRY(verify_dtype("output", output, DType::kF32));
    TRY(verify_vector(DType::kF32));
    return verify_same_shape("input", input, output);
  }

  Status verify_vector(DType dtype) const { return isa::verify_vector(chip_, dtype); }

  const ChipSpec& chip_;
};

/// Elementwise operations, that read each element before they write it, in order, may write over an input of
/// the very same view. The others read an input element more than once, or in another order.
bool in_place_allowed(const Operation& operation) {
  return std::holds_alternative<Unary>(operation) || std::holds_alternative<Binary>(operation) ||
         std::holds_alternative<Lut>(operation) || std::holds_alternative<Convert>(operation) ||
         std::holds_alternative<Compare>(operation) || std::holds_alternative<Select>(operation) ||
         std::holds_alternative<Norm>(operation) || std::holds_alternative<Rotary>(operation);
}

bool same_elements(const View& a, const View& b) {
  return a.at == b.at && a.shape == b.shape && a.stride == b.stride && size_of(a.dtype) == size_of(b.dtype);
}

Status verify_aliases(const Operation& operation, Budget& budget) {
  const std::vector<Access> accesses = accesses_of(operation);
  const View& output = accesses.back().view;
  const Footprint written = Footprint::of(output);
  for (const Access& access : accesses) {
    const View& input = access.view;
    // What a scatter leaves as it is counts as read: that is no input of its own.
    if (std::holds_alternative<Scatter>(operation) && &access == &accesses[accesses.size() - 2]) continue;
    if (access.write || input.at.space != output.at.space || input.at.core != output.at.core) continue;
    if (in_place_allowed(operation) && same_elements(input, output)) continue;
    if (overlap(written, Footprint::of(input, access.padding), budget))
      return fail(Code::kInvalidArgument, "writes {} over its own input {}", to_string(output),
                  to_string(input));
  }
  return {};
}

}  // namespace

Status verify_vector(const ChipSpec& chip, DType dtype) {
  const bool wide = dtype != DType::kU8 && dtype != DType::kI8 && dtype != DType::kBool;
  if ((wide ? chip.vector.f32_lanes : chip.vector.u8_lanes) > 0) return {};
  return fail(Code::kUnsupported, "'{}' has no {} lanes in its vector engine", chip.name,
              wide ? "f32" : "u8");
}

Status verify_tensor(const ChipSpec& chip, DType dtype) {
  if (dtype == DType::kU8 ? chip.tensor.u8 : chip.tensor.f32) return {};
  return fail(Code::kUnsupported, "'{}' has no {} tensor engine", chip.name, name_of(dtype));
}

Status verify_operation(const Operation& operation, const ChipSpec& chip, Budget& budget) {
  TRY(std::visit(OperationVerifier(chip), operation));
  return verify_aliases(operation, budget);
}

}  // namespace chengying::isa
