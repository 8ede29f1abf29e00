#include <gtest/gtest.h>

#include "chip/kernels/testing.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;

/// An operand of [x, y, rows, columns] with gaps; sometimes stored transposed, or shared by batches (stride
/// 0).
Place random_operand(Random& random, DType dtype, std::array<std::int32_t, 4> shape, int odd) {
  const bool transposed = random.chance(40);
  if (transposed) std::swap(shape[2], shape[3]);
  Place place = Place::make(random, dtype, shape, random.chance(50), random.chance(70));
  if (dtype == DType::kF32) place.set_each<float>([&] { return random.any_float(odd); });
  if (transposed) {
    std::swap(place.view.shape[2], place.view.shape[3]);
    std::swap(place.view.stride[2], place.view.stride[3]);
  }
  for (std::size_t d = 0; d < 2; ++d) {
    if (random.chance(20)) place.view.stride[d] = 0;
  }
  return place;
}

struct Formats {
  DType a, b, output;
};

void expect_matmul_equals_the_reference(KernelSet set, Random& random, const Formats& formats,
                                        const std::string& what) {
  const bool large = random.chance(15);
  const std::int32_t x = random.in(1, 2), y = random.in(1, 3);
  const std::int32_t m = large ? random.in(1, 70) : random.in(1, 14), k = random.in(1, large ? 300 : 40),
                     n = random.in(1, large ? 200 : 70);
  const int odd = random.one_of({0, 0, 3, 60});
  const Place a = random_operand(random, formats.a, {x, y, m, k}, odd);
  const Place b = random_operand(random, formats.b, {x, y, k, n}, odd);
  const Place out = Place::make(random, formats.output, {x, y, m, n}, random.chance(50), random.chance(80));
  Place addend = random_operand(random, DType::kF32, {x, y, m, n}, odd);
  if (random.chance(30)) addend.view.stride[2] = 0;
  isa::MatMul op{.a = a.view, .b = b.view, .addend = {}, .output = out.view};
  const bool adds = formats.output == DType::kF32 && random.chance(50);
  if (adds) op.addend = addend.view;
  op.scale = random.one_of({1.0F, 0.125F, random.real(-0.01F, 0.01F), random.any_float(20)});
  if (random.chance(50)) op.low = random.real(-9, 0);
  if (random.chance(50)) op.high = random.real(0, 90);
  op.a_zero_point = random.in(0, 255);
  op.b_zero_point = random.in(0, 255);
  op.output_zero_point = random.in(0, 255);
  testing::expect_same_bytes(
      set, op,
      {.input = a.bytes.data(), .second = b.bytes.data(), .third = adds ? addend.bytes.data() : nullptr},
      out.bytes, testing::random_offset(random, formats.output), what);
}

TEST(MatMulKernels, EqualTheReferenceForEveryFormatStrideAndValue) {
  using enum DType;
  testing::with_random_cases(1500, [](KernelSet set, Random& random, const std::string& what) {
    const Formats formats = random.one_of({Formats{kF32, kF32, kF32}, Formats{kF32, kBF16, kF32},
                                           Formats{kU8, kU8, kU8}, Formats{kU8, kU8, kF32}});
    expect_matmul_equals_the_reference(set, random, formats, what);
  });
}

}  // namespace
}  // namespace chengying::chip
