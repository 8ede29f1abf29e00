// Compare, Select, Gather, Scatter and TopK against the reference.
#include <gtest/gtest.h>

#include "chip/kernels/testing.h"
#include "tensor/arithmetic.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;
using testing::random_offset;
using testing::with_random_cases;
using Dims = std::array<std::int32_t, 4>;

Dims random_shape(Random& random) {
  Dims shape{};
  for (std::int32_t& d : shape) d = random.chance(40) ? 1 : random.in(1, 7);
  if (random.chance(40)) shape[3] = random.in(1, 80);
  return shape;
}

/// Values of which many are equal, so that ties and matches happen.
void fill_with_few(Random& random, Place& place) {
  switch (place.view.dtype) {
    case DType::kF32:
      return place.set_each<float>(
          [&] { return random.chance(50) ? static_cast<float>(random.in(-2, 2)) : random.any_float(60); });
    case DType::kI32:
      return place.set_each<std::int32_t>([&] { return random.in(-2, 2); });
    case DType::kI64:
      return place.set_each<std::int64_t>([&] { return std::int64_t{random.in(-2, 2)} << random.in(0, 40); });
    default:
      return place.set_each<std::uint8_t>([&] { return static_cast<std::uint8_t>(random.in(0, 2)); });
  }
}

Place random_input(Random& random, DType dtype, const Dims& shape) {
  Place place = Place::make(random, dtype, shape, random.chance(50), random.chance(60));
  fill_with_few(random, place);
  for (std::int64_t& stride : place.view.stride) {
    if (random.chance(15)) stride = 0;
  }
  return place;
}

Place random_output(Random& random, DType dtype, const Dims& shape) {
  return Place::make(random, dtype, shape, random.chance(50), random.chance(60));
}

TEST(PickingKernels, CompareEqualsTheReference) {
  with_random_cases(800, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const Dims shape = random_shape(random);
    const auto kind = static_cast<isa::CompareKind>(random.in(0, 6));
    const DType dtype =
        kind >= isa::CompareKind::kAnd ? random.one_of({kU8, kBool}) : random.one_of({kF32, kI32, kI64, kU8});
    const Place a = random_input(random, dtype, shape), b = random_input(random, dtype, shape);
    const Place out = random_output(random, kBool, shape);
    testing::expect_same_bytes(set, isa::Compare{kind, a.view, b.view, out.view},
                               {.input = a.bytes.data(), .second = b.bytes.data()}, out.bytes,
                               random_offset(random, kBool), what);
  });
}

TEST(PickingKernels, SelectEqualsTheReference) {
  with_random_cases(600, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const Dims shape = random_shape(random);
    const DType dtype = random.one_of({kU8, kF16, kF32, kI64});
    const Place condition = random_input(random, kBool, shape);
    const Place a = random_input(random, dtype, shape), b = random_input(random, dtype, shape);
    const Place out = random_output(random, dtype, shape);
    testing::expect_same_bytes(
        set, isa::Select{condition.view, a.view, b.view, out.view},
        {.input = condition.bytes.data(), .second = a.bytes.data(), .third = b.bytes.data()}, out.bytes,
        random_offset(random, dtype), what);
  });
}

/// Indices of `shape`, mostly inside of `rows`; sometimes one for each whole row.
Place random_indices(Random& random, const Dims& shape, std::int32_t rows) {
  const DType dtype = random.one_of({DType::kI32, DType::kI64});
  Place place = Place::make(random, dtype, shape, random.chance(50), random.chance(60));
  const auto index = [&] { return random.in(-rows, random.chance(95) ? rows - 1 : rows + 3); };
  if (dtype == DType::kI32) {
    place.set_each<std::int32_t>(index);
  } else {
    place.set_each<std::int64_t>([&] { return std::int64_t{index()}; });
  }
  if (random.chance(60)) place.view.stride[2] = place.view.stride[3] = 0;
  if (random.chance(20)) place.view.stride[0] = 0;
  return place;
}

/// The first fault that a set notes is the reference's.
template <class Op>
void expect_same_fault(KernelSet set, const Op& op, Operands at, std::vector<std::byte> output) {
  Fault expected, actual;
  std::vector<std::byte> other = output;
  at.output = output.data();
  at.fault = &expected;
  reference::execute(op, at);
  at.output = other.data();
  at.fault = &actual;
  execute(kernels_of(set), op, at);
  EXPECT_EQ(expected.found, actual.found);
  EXPECT_EQ(expected.number, actual.number);
  EXPECT_EQ(expected.rows, actual.rows);
}

TEST(PickingKernels, GatherEqualsTheReferenceFaultsIncluded) {
  with_random_cases(800, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const Dims shape = random_shape(random);
    Dims data_shape = shape;
    data_shape[1] = random.in(1, 20);
    const DType dtype = random.one_of({kU8, kBF16, kF32, kI64});
    const Place data = random_input(random, dtype, data_shape);
    const Place indices = random_indices(random, shape, data_shape[1]);
    const Place out = random_output(random, dtype, shape);
    const isa::Gather op{data.view, indices.view, out.view};
    const Operands at{.input = data.bytes.data(), .second = indices.bytes.data()};
    testing::expect_same_bytes(set, op, at, out.bytes, random_offset(random, dtype), what);
    expect_same_fault(set, op, at, out.bytes);
  });
}

TEST(PickingKernels, ScatterEqualsTheReferenceFaultsIncluded) {
  with_random_cases(800, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const Dims shape = random_shape(random);
    Dims whole = shape;
    whole[1] = random.in(1, 20);
    const DType dtype = random.one_of({kU8, kBF16, kF32, kI64});
    const Place updates = random_input(random, dtype, shape);
    const Place indices = random_indices(random, shape, whole[1]);
    const Place out = random_output(random, dtype, whole);
    const isa::Scatter op{updates.view, indices.view, out.view};
    const Operands at{.input = updates.bytes.data(), .second = indices.bytes.data()};
    testing::expect_same_bytes(set, op, at, out.bytes, random_offset(random, dtype), what);
    expect_same_fault(set, op, at, out.bytes);
  });
}

TEST(PickingKernels, TopKEqualsTheReferenceWithTiesAndNans) {
  with_random_cases(800, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const Dims shape = random_shape(random);
    Dims kept = shape;
    kept[3] = random.chance(50) ? 1 : random.in(1, shape[3]);
    const DType dtype = random.one_of({kI32, kI64});
    Place in = random_input(random, kF32, shape);
    if (random.chance(10))
      in.set_each<float>([&] { return random.one_of({exact::kNaN, -exact::kInf, exact::kInf}); });
    if (random.chance(5)) in.set_each<float>([] { return exact::kNaN; });
    const Place out = random_output(random, dtype, kept);
    testing::expect_same_bytes(set, isa::TopK{in.view, out.view, random.chance(50)},
                               {.input = in.bytes.data()}, out.bytes, random_offset(random, dtype), what);
  });
}

}  // namespace
}  // namespace chengying::chip
