#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/taps.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

/// The element under a row and a column tap; 0 outside of the input.
float sample(const isa::Resize& op, const Operands& at, const Index& out, std::int32_t row,
             std::int32_t column) {
  if (row < 0 || column < 0) return 0;
  const std::byte* from = at.input + offset_of(op.input, {out[0], row, column, out[3]});
  return op.input.dtype == DType::kU8 ? static_cast<float>(load<std::uint8_t>(from)) : load<float>(from);
}

}  // namespace

Tap tap_at(const std::byte* table, std::int64_t place, std::int32_t length, Fault* fault) {
  Tap tap{load<std::int32_t>(table + 8 * place), load<float>(table + 8 * place + 4)};
  if (tap.number >= 0 && tap.number < length) return tap;
  if (fault != nullptr) fault->note(tap.number, length);
  tap.number = -1;
  return tap;
}

void resize(const isa::Resize& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& out) {
    float t = 0;
    for (std::int32_t v = 0; v < op.taps_h; ++v) {
      const Tap row = tap_at(at.weights, std::int64_t{out[1]} * op.taps_h + v, op.input.shape[1], at.fault);
      float s = 0;
      for (std::int32_t u = 0; u < op.taps_w; ++u) {
        const Tap column =
            tap_at(at.table, std::int64_t{out[2]} * op.taps_w + u, op.input.shape[2], at.fault);
        s = __builtin_fmaf(column.weight, sample(op, at, out, row.number, column.number), s);
      }
      t = __builtin_fmaf(row.weight, s, t);
    }
    if (op.output.dtype == DType::kU8) {
      store(at.output, op.output, out, exact::requantise_u8(t, 0));
    } else {
      store(at.output, op.output, out, exact::canonical<float>(t));
    }
  });
}

}  // namespace chengying::reference
