#include "reference/elements.h"
#include "reference/execute.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

struct Choice {
  float u, inverse_temperature, share;
};

/// A row of logits, and what exp makes of them.
struct Logits {
  const std::byte* at;
  std::int64_t step;
  std::int32_t count;
  float largest = -exact::kInf;

  float raw(std::int32_t i) const { return load<float>(at + i * step); }
  float weight(std::int32_t i, const Choice& choice) const {
    return exact::at_least<float>(exact::exp<float>((raw(i) - largest) * choice.inverse_temperature), 0.0F);
  }
};

std::int32_t drawn(const Logits& logits, const Choice& choice) {
  float all = 0;
  for (std::int32_t i = 0; i < logits.count; ++i) all += logits.weight(i, choice);
  const float cut = all * choice.share;
  std::int32_t kept = 0;
  float kept_sum = 0;
  for (; kept < logits.count && (kept == 0 || kept_sum < cut); ++kept)
    kept_sum += logits.weight(kept, choice);
  const float target = choice.u * kept_sum;
  float sum = 0;
  for (std::int32_t i = 0; i < kept; ++i) {
    sum += logits.weight(i, choice);
    if (sum > target) return i;
  }
  return kept - 1;
}

}  // namespace

void sample(const isa::Sample& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& i) {
    const std::byte* choice = at.second + offset_of(op.choice, i);
    const auto part = [&](std::int64_t which) { return load<float>(choice + which * op.choice.stride[3]); };
    Logits logits{at.input + offset_of(op.input, i), op.input.stride[3], op.input.shape[3]};
    for (std::int32_t j = 0; j < logits.count; ++j)
      logits.largest = exact::at_least<float>(logits.raw(j), logits.largest);
    logits.largest += 0.0F;
    const std::int32_t number = drawn(logits, {part(0), part(1), part(2)});
    if (op.output.dtype == DType::kI64) return store(at.output, op.output, i, std::int64_t{number});
    store(at.output, op.output, i, number);
  });
}

}  // namespace chengying::reference
