#include <cmath>

#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/partial_sums.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

void norm_row(const isa::Norm& op, const Operands& at, Index row) {
  const std::int32_t n = op.input.shape[3];
  const auto count = static_cast<float>(n);
  const auto x = [&](std::int32_t i) {
    row[3] = i;
    return load<float>(at.input, op.input, row);
  };
  float mean = 0;
  const bool layer = op.kind == isa::NormKind::kLayer;
  if (layer) mean = sum_of_16(n, [&](float sum, std::int32_t i) { return sum + x(i); }) / count;
  const auto d = [&](std::int32_t i) { return layer ? x(i) - mean : x(i); };
  const float squares =
      sum_of_16(n, [&](float sum, std::int32_t i) { return __builtin_fmaf(d(i), d(i), sum); });
  const float r = 1.0F / __builtin_sqrtf(squares / count + op.epsilon);
  for (std::int32_t i = 0; i < n; ++i) {
    float t = d(i) * r;
    row[3] = i;
    const float scale = op.scale ? load<float>(at.second, *op.scale, row) : 1;
    if (op.shift) {
      const auto shift = load<float>(at.third, *op.shift, row);
      t = op.scale ? __builtin_fmaf(t, scale, shift) : t + shift;
    } else if (op.scale) {
      t = t * scale;
    }
    store(at.output, op.output, row, exact::canonical<float>(t));
  }
}

}  // namespace

void norm(const isa::Norm& op, const Operands& at) {
  Index rows = op.input.shape;
  rows[3] = 1;
  for_each_index(rows, [&](const Index& row) { norm_row(op, at, row); });
}

void rotary(const isa::Rotary& op, const Operands& at) {
  const std::int32_t half = op.cosine.shape[3];
  for_each_index(op.cosine.shape, [&](const Index& i) {
    Index first = i, second = i;
    first[3] = op.interleaved ? 2 * i[3] : i[3];
    second[3] = op.interleaved ? 2 * i[3] + 1 : i[3] + half;
    const auto p = load<float>(at.input, op.input, first), q = load<float>(at.input, op.input, second);
    const auto c = load<float>(at.second, op.cosine, i), s = load<float>(at.third, op.sine, i);
    store(at.output, op.output, first, exact::canonical<float>(p * c - q * s));
    store(at.output, op.output, second, exact::canonical<float>(q * c + p * s));
  });
}

}  // namespace chengying::reference
