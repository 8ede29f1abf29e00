// Attention and Scan against the reference, and the reference against operations that say the same.
#include <gtest/gtest.h>

#include <numeric>

#include "chip/kernels/testing.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;
using testing::with_random_cases;
using Dims = std::array<std::int32_t, 4>;

void fill(Random& random, Place& place, int odd_percent) {
  if (place.view.dtype == DType::kBF16) {
    return place.set_each<std::uint16_t>([&] {
      return static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, random.any_float(odd_percent)) >>
                                        16);
    });
  }
  if (place.view.dtype == DType::kF32) place.set_each<float>([&] { return random.any_float(odd_percent); });
}

Place filled(Random& random, DType dtype, const Dims& shape, int odd_percent) {
  Place place = Place::make(random, dtype, shape, random.chance(50));
  fill(random, place, odd_percent);
  return place;
}

/// The bytes that the set gives, and the first fault, are the reference's.
template <class Op>
void expect_same(KernelSet set, Random& random, const Op& op, const Operands& at, const Place& out,
                 const std::string& what) {
  testing::expect_same_bytes(set, op, at, out.bytes, testing::random_offset(random, DType::kF32), what);
  Fault expected, actual;
  std::vector<std::byte> bytes = out.bytes;
  Operands with = at;
  with.output = bytes.data();
  with.fault = &expected;
  reference::execute(op, with);
  with.fault = &actual;
  execute(kernels_of(set), op, with);
  EXPECT_EQ(expected.found, actual.found) << what;
  EXPECT_EQ(expected.number, actual.number) << what;
}

struct AttentionCase {
  isa::Attention op;
  Place query, keys, values, pages, out;
  std::vector<std::int64_t> arguments;

  static AttentionCase make(Random& random) {
    const int odd = random.chance(20) ? 10 : 0;
    const std::int32_t sequences = random.in(1, 3), heads_kv = random.in(1, 2), group = random.in(1, 3);
    const std::int32_t rows = random.chance(60) ? 1 : random.in(2, 5), places = random.in(1, 20);
    const std::int32_t d = random.chance(50) ? 16 * random.in(1, 5) : random.in(1, 70);
    const std::int32_t there_are = random.in(2, 6), most = (rows + places - 1) / places + random.in(0, 4);
    const DType dtype = random.one_of({DType::kF32, DType::kBF16});
    AttentionCase c{
        {},
        filled(random, DType::kF32, {sequences, heads_kv * group, rows, d}, odd),
        filled(random, dtype, {there_are, heads_kv, places, d}, odd),
        filled(random, dtype, {there_are, heads_kv, places, d}, odd),
        Place::make(random, DType::kI32, {1, 1, sequences, most}, random.chance(50)),
        Place::make(random, DType::kF32, {sequences, heads_kv * group, rows, d}, random.chance(50)),
        {7}};
    const bool wrong = random.chance(10);
    c.pages.set_each<std::int32_t>(
        [&] { return wrong && random.chance(20) ? random.in(-2, 9) : random.in(0, there_are - 1); });
    for (std::int32_t s = 0; s < sequences; ++s) c.arguments.push_back(random.in(rows, most * places));
    c.op = {.query = c.query.view,
            .keys = c.keys.view,
            .values = c.values.view,
            .pages = c.pages.view,
            .output = c.out.view,
            .lengths = 1,
            .scale = random.real(0.01F, 1),
            .causal = random.chance(50)};
    return c;
  }
  Operands operands() const {
    return {.input = query.bytes.data(),
            .second = keys.bytes.data(),
            .third = values.bytes.data(),
            .fourth = pages.bytes.data(),
            .arguments = arguments.data()};
  }
};

TEST(LengthKernels, AttentionEqualsTheReferenceFaultsIncluded) {
  with_random_cases(500, [](KernelSet set, Random& random, const std::string& what) {
    const AttentionCase c = AttentionCase::make(random);
    expect_same(set, random, c.op, c.operands(), c.out, what);
  });
}

/// Where the rows lie, and who else is in the batch, never matters: a sequence alone, its pages in order,
/// gives the bytes that it gives among others.
TEST(LengthKernels, ASequenceDoesNotSeeItsNeighbours) {
  with_random_cases(100, [](KernelSet set, Random& random, const std::string& what) {
    AttentionCase c = AttentionCase::make(random);
    const auto run = [&](const isa::Attention& op, const Operands& operands) {
      std::vector<std::byte> bytes(c.out.bytes.size());
      Operands at = operands;
      at.output = bytes.data();
      execute(kernels_of(set), op, at);
      return bytes;
    };
    const std::vector<std::byte> together = run(c.op, c.operands());
    isa::Attention alone = c.op;
    alone.query.shape[0] = alone.output.shape[0] = alone.pages.shape[2] = 1;
    const std::vector<std::byte> first = run(alone, c.operands());
    isa::View view = alone.output;
    for (std::int32_t h = 0; h < view.shape[1]; ++h) {
      for (std::int32_t r = 0; r < view.shape[2]; ++r) {
        const auto at = h * view.stride[1] + r * view.stride[2];
        EXPECT_EQ(
            std::memcmp(first.data() + at, together.data() + at, static_cast<std::size_t>(view.shape[3]) * 4),
            0)
            << what;
      }
    }
  });
}

struct ScanCase {
  isa::Scan op;
  Place query, rows, addend, out;
  std::vector<std::int64_t> arguments;

  static ScanCase make(Random& random) {
    const int odd = random.chance(20) ? 10 : 0;
    const std::int32_t m = random.in(1, 3), n = random.in(1, 90), k = random.in(1, std::min(n, 12));
    const std::int32_t d = random.chance(50) ? 64 * random.in(1, 3) : random.in(1, 150);
    const bool u8 = random.chance(50);
    const DType rows = u8 ? DType::kU8 : random.one_of({DType::kF32, DType::kBF16});
    ScanCase c{{},
               filled(random, u8 ? DType::kU8 : DType::kF32, {1, 1, m, d}, odd),
               filled(random, rows, {1, 1, n, d}, odd),
               filled(random, DType::kF32, {1, 1, m, n}, odd),
               Place::make(random, DType::kI32, {1, 1, m, k}, random.chance(50), random.chance(70)),
               {random.in(k, n)}};
    if (random.chance(50)) c.addend.view.stride[2] = 0;
    c.op = {.query = c.query.view,
            .rows = c.rows.view,
            .addend = random.chance(50) ? std::optional(c.addend.view) : std::nullopt,
            .output = c.out.view,
            .count = random.chance(50) ? std::optional(0U) : std::nullopt,
            .scale = random.one_of({1.0F, 0.01F, -0.5F, 0.0F}),
            .query_zero_point = random.one_of({0, 128, 255, 77}),
            .rows_zero_point = random.one_of({0, 128, 255, 31})};
    return c;
  }
};

TEST(LengthKernels, ScanEqualsTheReference) {
  with_random_cases(600, [](KernelSet set, Random& random, const std::string& what) {
    const ScanCase c = ScanCase::make(random);
    expect_same(set, random, c.op,
                {.input = c.query.bytes.data(),
                 .second = c.rows.bytes.data(),
                 .third = c.addend.bytes.data(),
                 .arguments = c.arguments.data()},
                c.out, what);
  });
}

/// Of whole numbers a scan is a matrix product and a TopK.
TEST(LengthReference, AScanOfBytesIsAProductAndTheBestOfIt) {
  Random random(5);
  for (int i = 0; i < 50; ++i) {
    ScanCase c = ScanCase::make(random);
    if (c.op.query.dtype != DType::kU8) continue;
    c.op.count.reset();
    const std::int32_t m = c.op.query.shape[2], n = c.op.rows.shape[2];
    isa::MatMul product{.a = c.op.query, .b = c.op.rows, .addend = c.op.addend, .output = {}};
    std::swap(product.b.shape[2], product.b.shape[3]);
    std::swap(product.b.stride[2], product.b.stride[3]);
    product.output = isa::dense_view({}, DType::kF32, {1, 1, m, n}, n * 4);
    product.scale = c.op.scale;
    product.a_zero_point = c.op.query_zero_point;
    product.b_zero_point = c.op.rows_zero_point;
    std::vector<float> scores(static_cast<std::size_t>(m * n));
    Operands at{.input = c.query.bytes.data(), .second = c.rows.bytes.data(), .third = c.addend.bytes.data()};
    at.output = reinterpret_cast<std::byte*>(scores.data());
    reference::execute(product, at);
    std::vector<std::byte> expected = c.out.bytes, actual = c.out.bytes;
    at.output = actual.data();
    reference::execute(c.op, at);
    at.input = reinterpret_cast<const std::byte*>(scores.data());
    at.output = expected.data();
    reference::execute(isa::TopK{product.output, c.op.output}, at);
    EXPECT_EQ(expected, actual);
  }
}

}  // namespace
}  // namespace chengying::chip
