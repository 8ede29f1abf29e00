// Norm, Rotary and Resize against the reference.
#include <gtest/gtest.h>

#include "chip/kernels/testing.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;
using testing::random_offset;
using testing::with_random_cases;
using Dims = std::array<std::int32_t, 4>;

Dims random_shape(Random& random) {
  Dims shape{};
  for (std::int32_t& d : shape) d = random.chance(40) ? 1 : random.in(1, 5);
  shape[3] = random.chance(50) ? random.in(1, 20) : random.in(1, 200);
  return shape;
}

Place random_input(Random& random, const Dims& shape, int odd, bool may_repeat) {
  Place place = Place::make(random, DType::kF32, shape, random.chance(50), random.chance(70));
  place.set_each<float>([&] { return random.any_float(odd); });
  for (std::int64_t& stride : place.view.stride) {
    if (may_repeat && random.chance(40)) stride = 0;
  }
  return place;
}

TEST(RowKernels, NormEqualsTheReferenceForEveryCompanion) {
  with_random_cases(800, [](KernelSet set, Random& random, const std::string& what) {
    const Dims shape = random_shape(random);
    const int odd = random.one_of({0, 0, 2, 60});
    const Place in = random_input(random, shape, odd, random.chance(20));
    const Place scale = random_input(random, shape, odd, true),
                shift = random_input(random, shape, odd, true);
    const Place out = Place::make(random, DType::kF32, shape, random.chance(50), random.chance(70));
    isa::Norm op;
    op.kind = random.one_of({isa::NormKind::kLayer, isa::NormKind::kRms});
    op.input = in.view;
    op.output = out.view;
    op.epsilon = random.one_of({0.0F, 1e-5F, 1e-12F});
    if (random.chance(60)) op.scale = scale.view;
    if (random.chance(60)) op.shift = shift.view;
    testing::expect_same_bytes(
        set, op, {.input = in.bytes.data(), .second = scale.bytes.data(), .third = shift.bytes.data()},
        out.bytes, random_offset(random, DType::kF32), what);
  });
}

TEST(RowKernels, NormInPlaceEqualsTheReference) {
  with_random_cases(100, [](KernelSet set, Random& random, const std::string& what) {
    const Dims shape = random_shape(random);
    Place expected = random_input(random, shape, 0, false), actual = expected;
    isa::Norm op;
    op.input = op.output = expected.view;
    reference::norm(op, {.input = expected.bytes.data(), .output = expected.bytes.data()});
    kernels_of(set).norm(op, {.input = actual.bytes.data(), .output = actual.bytes.data()});
    EXPECT_EQ(expected.bytes, actual.bytes) << what;
  });
}

TEST(RowKernels, RotaryEqualsTheReference) {
  with_random_cases(600, [](KernelSet set, Random& random, const std::string& what) {
    Dims half = random_shape(random);
    Dims shape = half;
    shape[3] *= 2;
    const int odd = random.one_of({0, 3, 60});
    const Place in = random_input(random, shape, odd, false);
    const Place cosine = random_input(random, half, odd, true), sine = random_input(random, half, odd, true);
    const Place out = Place::make(random, DType::kF32, shape, random.chance(50), random.chance(70));
    const isa::Rotary op{in.view, cosine.view, sine.view, out.view, random.chance(50)};
    testing::expect_same_bytes(
        set, op, {.input = in.bytes.data(), .second = cosine.bytes.data(), .third = sine.bytes.data()},
        out.bytes, random_offset(random, DType::kF32), what);
  });
}

/// A table of taps of an axis of `length`; one number in a hundred is outside.
std::vector<std::byte> random_table(Random& random, std::int32_t places, std::int32_t taps,
                                    std::int32_t length) {
  std::vector<std::byte> table(static_cast<std::size_t>(places * taps * isa::kTapBytes));
  for (std::size_t i = 0; i < table.size(); i += isa::kTapBytes) {
    const std::int32_t number = random.chance(99) ? random.in(0, length - 1) : random.one_of({-1, length});
    const float weight = random.chance(95) ? random.real(-0.5F, 1.2F) : random.any_float(60);
    std::memcpy(table.data() + i, &number, sizeof number);
    std::memcpy(table.data() + i + 4, &weight, sizeof weight);
  }
  return table;
}

TEST(RowKernels, ResizeEqualsTheReferenceForEveryTable) {
  with_random_cases(600, [](KernelSet set, Random& random, const std::string& what) {
    const bool is_u8 = random.chance(50);
    const DType dtype = is_u8 ? DType::kU8 : DType::kF32;
    const std::int32_t n = random.in(1, 2), c = random.in(1, 40);
    const Dims in_shape{n, random.in(1, 6), random.in(1, 6), c};
    const Dims out_shape{n, random.in(1, 9), random.in(1, 9), c};
    Place in = Place::make(random, dtype, in_shape, random.chance(50), random.chance(70));
    if (!is_u8) in.set_each<float>([&] { return random.any_float(3); });
    const Place out = Place::make(random, dtype, out_shape, random.chance(50), random.chance(70));
    isa::Resize op;
    op.input = in.view;
    op.output = out.view;
    op.taps_h = random.in(1, 4);
    op.taps_w = random.in(1, 4);
    const auto rows = random_table(random, out_shape[1], op.taps_h, in_shape[1]);
    const auto columns = random_table(random, out_shape[2], op.taps_w, in_shape[2]);
    testing::expect_same_bytes(set, op,
                               {.input = in.bytes.data(), .weights = rows.data(), .table = columns.data()},
                               out.bytes, static_cast<std::size_t>(random.in(0, 15)) * size_of(dtype), what);
  });
}

}  // namespace
}  // namespace chengying::chip
