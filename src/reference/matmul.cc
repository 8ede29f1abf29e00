#include "reference/elements.h"
#include "reference/execute.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

/// Where row and column of one output begin, and how far apart their elements lie.
struct Chain {
  const std::byte *a, *b;
  std::int64_t step_a, step_b;
  std::int32_t length;
};

float sum_f32(const isa::MatMul& op, const Chain& chain) {
  float sum = 0;
  for (std::int32_t k = 0; k < chain.length; ++k) {
    sum = __builtin_fmaf(load<float>(chain.a + k * chain.step_a), widened(op.b, chain.b + k * chain.step_b),
                         sum);
  }
  return sum;
}

float sum_u8(const isa::MatMul& op, const Chain& chain) {
  std::uint32_t sum = 0;
  for (std::int32_t k = 0; k < chain.length; ++k) {
    const std::int32_t a = load<std::uint8_t>(chain.a + k * chain.step_a) - op.a_zero_point;
    const std::int32_t b = load<std::uint8_t>(chain.b + k * chain.step_b) - op.b_zero_point;
    sum += static_cast<std::uint32_t>(a * b);
  }
  return static_cast<float>(static_cast<std::int32_t>(sum));
}

}  // namespace

void matmul(const isa::MatMul& op, const Operands& at) {
  const bool bounded = op.low > -exact::kInf || op.high < exact::kInf;
  for_each_index(op.output.shape, [&](const Index& out) {
    const Chain chain{at.input + offset_of(op.a, {out[0], out[1], out[2], 0}),
                      at.second + offset_of(op.b, {out[0], out[1], 0, out[3]}), op.a.stride[3],
                      op.b.stride[2], op.a.shape[3]};
    float t = (op.a.dtype == DType::kU8 ? sum_u8(op, chain) : sum_f32(op, chain)) * op.scale;
    if (op.output.dtype == DType::kU8) {
      t = exact::clamp<float>(t, op.low, op.high);
      store(at.output, op.output, out, exact::requantise_u8(t, op.output_zero_point));
      return;
    }
    if (op.addend) t = t + load<float>(at.third, *op.addend, out);
    store(at.output, op.output, out,
          exact::canonical<float>(bounded ? exact::clamp<float>(t, op.low, op.high) : t));
  });
}

}  // namespace chengying::reference
