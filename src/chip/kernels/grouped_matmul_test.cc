// GroupedMatMul and its packing against the reference.
#include <gtest/gtest.h>

#include "chip/kernels/testing.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;

std::vector<std::byte> random_floats(Random& random, std::size_t count, int odd) {
  std::vector<std::byte> bytes(count * 4);
  for (std::size_t i = 0; i < count; ++i) {
    const float x = random.any_float(odd);
    std::memcpy(bytes.data() + 4 * i, &x, 4);
  }
  return bytes;
}

/// Aligned as constants are.
AlignedBytes aligned(const std::vector<std::byte>& bytes) {
  AlignedBytes result(bytes.size());
  std::ranges::copy(bytes, result.data());
  return result;
}

void expect_grouped_matmul_equals_the_reference(KernelSet set, Random& random, const std::string& what) {
  isa::GroupedMatMul op;
  op.bits = random.one_of({4, 8});
  op.group = 8 * random.in(1, 9);
  const std::int32_t k = op.group * random.in(1, 5), n = random.in(1, 70), padded = (n + 15) / 16 * 16;
  const std::int32_t m = random.chance(10) ? random.in(60, 80) : random.in(1, 9);
  const int odd = random.one_of({0, 0, 2, 60});
  Place in = Place::make(random, DType::kF32, {1, random.in(1, 2), m, k}, random.chance(50));
  in.set_each<float>([&] { return random.any_float(odd); });
  if (random.chance(5)) in.set_each<float>([] { return 0.0F; });
  const Place out = Place::make(random, DType::kF32, {1, in.view.shape[1], m, n}, random.chance(50));
  std::vector<std::byte> weights(isa::packed_grouped_bytes(n, k, op.bits));
  random.fill(weights);
  const AlignedBytes packed = aligned(weights);
  const AlignedBytes scale =
      aligned(random_floats(random, static_cast<std::size_t>(k / op.group * padded), odd));
  const AlignedBytes init = aligned(random_floats(random, static_cast<std::size_t>(padded), odd));
  op.input = in.view;
  op.output = out.view;
  if (random.chance(40)) op.low = random.real(-2, 0);
  if (random.chance(40)) op.high = random.real(0, 2);
  testing::expect_same_bytes(
      set, op,
      {.input = in.bytes.data(), .weights = packed.data(), .init = init.data(), .scale = scale.data()},
      out.bytes, testing::random_offset(random, DType::kF32), what);
}

TEST(GroupedMatMulKernels, EqualTheReferenceForBothWidths) {
  testing::with_random_cases(600, expect_grouped_matmul_equals_the_reference);
}

}  // namespace
}  // namespace chengying::chip
