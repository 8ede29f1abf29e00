#include <vector>

#include "isa/packing.h"
#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/quantise_group.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

/// The step of a group of a row, and its elements in steps.
struct Group {
  float step = 0;
  std::vector<std::int32_t> q;
};

Group quantised(const std::byte* from, std::int32_t count) {
  Group group;
  float largest = 0;
  for (std::int32_t i = 0; i < count; ++i)
    largest = exact::at_least<float>(exact::absolute<float>(load<float>(from + 4 * i)), largest);
  group.step = largest / 127.0F;
  for (std::int32_t i = 0; i < count; ++i)
    group.q.push_back(
        static_cast<std::int32_t>(quantised_value<float>(load<float>(from + 4 * i), group.step)));
  return group;
}

}  // namespace

void grouped_matmul(const isa::GroupedMatMul& op, const Operands& at) {
  const std::int32_t k = op.input.shape[3], offset = isa::grouped_offset(op.bits);
  const std::int64_t padded =
      (op.output.shape[3] + isa::kChannelBlock - 1) / isa::kChannelBlock * isa::kChannelBlock;
  const bool bounded = op.low > -exact::kInf || op.high < exact::kInf;
  for_each_index(op.output.shape, [&](const Index& out) {
    auto sum = load<float>(at.init + 4 * out[3]);
    const std::byte* row = at.input + offset_of(op.input, {out[0], out[1], out[2], 0});
    for (std::int32_t g = 0; g < k / op.group; ++g) {
      const Group group = quantised(row + 4 * std::int64_t{g} * op.group, op.group);
      std::int32_t part = 0;
      for (std::int32_t i = 0; i < op.group; ++i) {
        const std::int32_t w = isa::grouped_weight(at.weights, op.bits, k, out[3], g * op.group + i);
        part += group.q[static_cast<std::size_t>(i)] * (w - offset);
      }
      const auto scale = load<float>(at.scale + 4 * (g * padded + out[3]));
      sum = __builtin_fmaf(static_cast<float>(part), group.step * scale, sum);
    }
    const float t = bounded ? exact::clamp<float>(sum, op.low, op.high) : sum;
    store(at.output, op.output, out, exact::canonical<float>(t));
  });
}

}  // namespace chengying::reference
