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
  for (std::int32_t& d : shape) d = random.chance(40) ? 1 : random.in(1, 9);
  if (random.chance(40)) shape[3] = random.in(1, 80);
  return shape;
}

Place random_place(Random& random, DType dtype, const Dims& shape, int odd, bool dense_inner = false) {
  Place place = Place::make(random, dtype, shape, random.chance(50), dense_inner || random.chance(60));
  if (dtype == DType::kF32) place.set_each<float>([&] { return random.any_float(odd); });
  return place;
}

/// A view whose dimensions are in another order in memory, as NCHW beside NHWC.
void transpose_in_memory(Random& random, Place& place) {
  if (!random.chance(30)) return;
  isa::View& v = place.view;
  const std::int64_t size = static_cast<std::int64_t>(size_of(v.dtype));
  v.stride[2] = size;
  v.stride[1] = v.stride[2] * v.shape[2];
  v.stride[3] = v.stride[1] * v.shape[1];
  v.stride[0] = v.stride[3] * v.shape[3];
  place.bytes.assign(static_cast<std::size_t>(v.stride[0] * v.shape[0]), std::byte{});
  random.fill(place.bytes);
  if (v.dtype == DType::kF32) place.set_each<float>([&] { return random.any_float(3); });
}

TEST(ElementwiseKernels, UnaryEqualsTheReferenceForEveryKind) {
  with_random_cases(1500, [](KernelSet set, Random& random, const std::string& what) {
    const Dims shape = random_shape(random);
    Place in = random_place(random, DType::kF32, shape, random.one_of({0, 5, 60}));
    const Place out = random_place(random, DType::kF32, shape, 0);
    transpose_in_memory(random, in);
    const isa::Unary op{static_cast<isa::UnaryKind>(random.in(0, 21)), in.view, out.view, random.real(-1, 2),
                        random.real(0, 3)};
    testing::expect_same_bytes(set, op, {.input = in.bytes.data()}, out.bytes,
                               random_offset(random, DType::kF32),
                               what + " " + std::string(name_of(op.kind)));
  });
}

TEST(ElementwiseKernels, BinaryEqualsTheReferenceWithBroadcasts) {
  with_random_cases(1500, [](KernelSet set, Random& random, const std::string& what) {
    const bool is_f32 = random.chance(50);
    const DType dtype = is_f32 ? DType::kF32 : DType::kU8;
    const Dims shape = random_shape(random);
    const int odd = random.one_of({0, 5, 60});
    Place a = random_place(random, dtype, shape, odd), b = random_place(random, dtype, shape, odd);
    const Place out = random_place(random, dtype, shape, 0);
    for (std::size_t d = 0; d < 4; ++d) {
      if (random.chance(20)) b.view.stride[d] = 0;
    }
    isa::Binary op;
    op.kind = static_cast<isa::BinaryKind>(random.in(0, 6));
    op.a = a.view;
    op.b = b.view;
    op.output = out.view;
    using enum isa::BinaryKind;
    if (!is_f32 && (op.kind == kDiv || op.kind == kPow)) op.kind = kAdd;
    op.a_scale = random.real(-2, 2);
    op.b_scale = random.chance(95) ? random.real(0.01F, 3) : random.any_float(100);
    op.a_zero_point = random.in(0, 255), op.b_zero_point = random.in(0, 255),
    op.output_zero_point = random.in(0, 255);
    if (random.chance(40)) op.low = random.real(-3, 1);
    if (random.chance(40)) op.high = random.real(-1, 30);
    testing::expect_same_bytes(set, op, {.input = a.bytes.data(), .second = b.bytes.data()}, out.bytes,
                               random_offset(random, dtype), what);
  });
}

TEST(ElementwiseKernels, PlanesBecomePixelsAsTheReferenceSays) {
  with_random_cases(300, [](KernelSet set, Random& random, const std::string& what) {
    const Dims shape{random.in(1, 2), random.in(1, 3), random.in(1, 70), random.in(2, 4)};
    Place planes = random_place(random, DType::kF32, {shape[0], shape[3], shape[1], shape[2]},
                                random.one_of({0, 5, 60}));
    planes.view.shape = shape;
    planes.view.stride = {planes.view.stride[0], planes.view.stride[2], planes.view.stride[3],
                          planes.view.stride[1]};
    const DType to = random.one_of({DType::kU8, DType::kI8});
    const Place out = Place::make(random, to, shape, false, true, 4);
    isa::Convert op{planes.view, out.view, random.real(0.01F, 0.3F), 0};
    op.zero_point = to == DType::kI8 ? random.in(-128, 127) : random.in(0, 255);
    testing::expect_same_bytes(set, op, {.input = planes.bytes.data()}, out.bytes, random_offset(random, to),
                               what);
  });
}
TEST(ElementwiseKernels, ConvertEqualsTheReferenceForEveryPairOfFormats) {
  with_random_cases(1500, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    const DType from = random.one_of({kF32, kF32, kF32, kU8, kI8, kI16, kI32, kI64, kF16, kBF16, kBool});
    DType to = random.one_of({kF32, kU8, kI8});
    if (from == kF32) to = random.one_of({kU8, kU8, kI8, kI16, kI32, kI64, kBool, kF16, kBF16});
    if (from == kF16 || from == kBF16 || from == kBool) to = kF32;
    if (from == kU8 || from == kI8) to = random.one_of({kF32, kI8, kU8, kI32});
    const Dims shape = random_shape(random);
    Place in = random_place(random, from, shape, random.one_of({0, 5, 60}));
    transpose_in_memory(random, in);
    const Place out = random_place(random, to, shape, 0);
    isa::Convert op{in.view, out.view, random.chance(90) ? random.real(0.01F, 0.3F) : random.any_float(100),
                    0};
    op.zero_point = to == kI8 ? random.in(-128, 127) : random.in(0, 255);
    if (from == kI64 || (from == kF32 && (size_of(to) > 1 || to == kBool))) op.zero_point = 0;
    testing::expect_same_bytes(set, op, {.input = in.bytes.data()}, out.bytes, random_offset(random, to),
                               what);
  });
}

TEST(ElementwiseKernels, LutAndCopyMoveExactlyTheElements) {
  with_random_cases(1000, [](KernelSet set, Random& random, const std::string& what) {
    using enum DType;
    Dims shape = random_shape(random);
    if (random.chance(30)) shape[3] = random.in(1, 300);  // rows of several vectors of bytes, and a rest
    std::vector<std::byte> table(256);
    random.fill(table);
    const DType dtype = random.one_of({kU8, kF16, kF32, kI64});
    Place in = random_place(random, dtype, shape, 30);
    transpose_in_memory(random, in);
    const Place out = random_place(random, dtype, shape, 0);
    const Operands at{.input = in.bytes.data(), .table = table.data()};
    testing::expect_same_bytes(set, isa::Copy{in.view, out.view}, at, out.bytes, random_offset(random, dtype),
                               what);
    if (dtype == kU8) {
      testing::expect_same_bytes(set, isa::Lut{in.view, out.view, {}}, at, out.bytes,
                                 random_offset(random, dtype), what);
    }
  });
}

TEST(ElementwiseKernels, SoftmaxEqualsTheReference) {
  with_random_cases(600, [](KernelSet set, Random& random, const std::string& what) {
    Dims shape = random_shape(random);
    if (random.chance(30)) shape[3] = random.in(1, 1000);
    const Place in = random_place(random, DType::kF32, shape, random.one_of({0, 0, 2, 60}), true);
    const Place out = random_place(random, DType::kF32, shape, 0, true);
    const isa::Softmax op{in.view, out.view, random.chance(50)};
    testing::expect_same_bytes(set, op, {.input = in.bytes.data()}, out.bytes,
                               random_offset(random, DType::kF32), what);
  });
}

TEST(ElementwiseKernels, ReduceEqualsTheReference) {
  with_random_cases(1000, [](KernelSet set, Random& random, const std::string& what) {
    const Dims shape = random_shape(random);
    Dims reduced = shape;
    for (std::int32_t& d : reduced) {
      if (random.chance(50)) d = 1;
    }
    Place in = random_place(random, DType::kF32, shape, random.one_of({0, 5, 60}));
    transpose_in_memory(random, in);
    const Place out = random_place(random, DType::kF32, reduced, 0);
    const isa::Reduce op{static_cast<isa::ReduceKind>(random.in(0, 4)), in.view, out.view};
    testing::expect_same_bytes(set, op, {.input = in.bytes.data()}, out.bytes,
                               random_offset(random, DType::kF32), what);
  });
}

TEST(ElementwiseKernels, PoolEqualsTheReference) {
  with_random_cases(1500, [](KernelSet set, Random& random, const std::string& what) {
    const DType dtype = random.chance(50) ? DType::kF32 : DType::kU8;
    const std::int32_t n = random.in(1, 2), h = random.in(1, 12), w = random.in(1, 12), c = random.in(1, 150);
    const Place in = random_place(random, dtype, {n, h, w, c}, random.one_of({0, 5, 60}), true);
    const Place out = random_place(random, dtype, {n, random.in(1, 6), random.in(1, 6), c}, 0, true);
    isa::Pool op;
    op.kind = static_cast<isa::PoolKind>(random.in(0, 2));
    op.input = in.view;
    op.output = out.view;
    op.window = {.kernel_h = random.in(1, 5),
                 .kernel_w = random.in(1, 5),
                 .stride_h = random.in(1, 3),
                 .stride_w = random.in(1, 3),
                 .dilation_h = random.in(1, 2),
                 .dilation_w = random.in(1, 2),
                 .pad_top = random.in(-2, 3),
                 .pad_left = random.in(-2, 3)};
    op.input_zero_point = random.in(0, 255), op.output_zero_point = random.in(0, 255);
    op.scale = random.real(0.1F, 3);
    testing::expect_same_bytes(set, op, {.input = in.bytes.data()}, out.bytes, random_offset(random, dtype),
                               what);
  });
}

}  // namespace
}  // namespace chengying::chip
