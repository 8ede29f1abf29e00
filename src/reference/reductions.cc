#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/partial_sums.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

void softmax_row(const isa::Softmax& op, const std::byte* in, std::byte* out) {
  const std::int32_t n = op.input.shape[3];
  const std::int64_t step_in = op.input.stride[3], step_out = op.output.stride[3];
  float largest = -exact::kInf;
  for (std::int32_t i = 0; i < n; ++i)
    largest = exact::at_least<float>(load<float>(in + i * step_in), largest);
  largest += 0.0F;
  const float sum = sum_of_16(n, [&](float so_far, std::int32_t i) {
    return so_far + exact::exp<float>(load<float>(in + i * step_in) - largest);
  });
  const float log_sum = op.log ? exact::log<float>(sum) : 0;
  for (std::int32_t i = 0; i < n; ++i) {
    const float d = load<float>(in + i * step_in) - largest;
    const float y = op.log ? d - log_sum : exact::exp<float>(d) / sum;
    store(out + i * step_out, exact::canonical<float>(y));
  }
}

/// One step of a reduction's chain.
float accumulate(isa::ReduceKind kind, float so_far, float x) {
  switch (kind) {
    case isa::ReduceKind::kSum:
    case isa::ReduceKind::kMean:
      return so_far + x;
    case isa::ReduceKind::kSumOfSquares:
      return __builtin_fmaf(x, x, so_far);
    case isa::ReduceKind::kMax:
      return exact::at_least<float>(x, so_far);
    case isa::ReduceKind::kMin:
      return exact::at_most<float>(x, so_far);
  }
  return so_far;
}

}  // namespace

void softmax(const isa::Softmax& op, const Operands& at) {
  Index rows = op.input.shape;
  rows[3] = 1;
  for_each_index(rows, [&](const Index& i) {
    softmax_row(op, at.input + offset_of(op.input, i), at.output + offset_of(op.output, i));
  });
}

void reduce(const isa::Reduce& op, const Operands& at) {
  Index reduced{};  // the extent that one output runs over
  std::int64_t count = 1;
  for (std::size_t d = 0; d < 4; ++d) {
    reduced[d] = op.output.shape[d] == 1 ? op.input.shape[d] : 1;
    count *= reduced[d];
  }
  const bool extreme = op.kind == isa::ReduceKind::kMax || op.kind == isa::ReduceKind::kMin;
  for_each_index(op.output.shape, [&](const Index& out) {
    const std::byte* first = at.input + offset_of(op.input, out);
    float value = extreme ? load<float>(first) : 0.0F;
    for_each_index(reduced, [&](const Index& i) {
      value = accumulate(op.kind, value, load<float>(first + offset_of(op.input, i)));
    });
    if (op.kind == isa::ReduceKind::kMean) value /= static_cast<float>(count);
    store(at.output, op.output, out, exact::canonical<float>(value));
  });
}

}  // namespace chengying::reference
