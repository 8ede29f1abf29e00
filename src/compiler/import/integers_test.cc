// Whole numbers are computed with in f32: what that would round is refused, where it is known, and never
// silent.
#include <gtest/gtest.h>

#include <limits>

#include "compiler/import/numbers.h"
#include "compiler/import/testing.h"

namespace chengying::compiler {
namespace {

using testing::OneNode;
using testing::wholes;

constexpr std::int64_t kExact = std::int64_t{1} << 24;

TEST(Integers, AConstantThatF32DoesNotHaveIsRefusedByItsValue) {
  for (const char* op : {"Add", "Equal", "Greater", "Max"}) {
    const auto graph =
        testing::import({.op = op, .inputs = {wholes({kExact, 5})}, .constants = {wholes({kExact + 1, 5})}});
    ASSERT_FALSE(graph) << op;
    EXPECT_EQ(graph.error().code, Code::kUnsupported);
    EXPECT_EQ(
        graph.error().message,
        fmt::format("1 node of the model can't be compiled:\n  'node' ({}) on i64[2], i64[2]: integers are "
                    "computed with in f32, which does not have the constant 16777217; keep them below "
                    "2^24, or compute with floats",
                    op));
  }
}

TEST(Integers, UpToTheLastExactOneAreComputedWith) {
  const auto sums =
      testing::run({.op = "Add", .inputs = {wholes({kExact - 1, -kExact})}, .constants = {wholes({1, 1})}});
  ASSERT_TRUE(sums) << sums.error().message;
  EXPECT_EQ(sums->front().as<std::int64_t>()[0], kExact);
  EXPECT_EQ(sums->front().as<std::int64_t>()[1], 1 - kExact);
}

TEST(Integers, MultiplesOfPowersOfTwoAreExactFurtherUp) {
  EXPECT_FALSE(inexact_in_f32(wholes({kExact, -kExact, 3 * kExact, 0})));
  EXPECT_EQ(inexact_in_f32(wholes({1, -kExact - 1, kExact + 3})), -kExact - 1);
}

TEST(Integers, TheEndsOfATypeMeanNoBound) {
  using Wide = std::numeric_limits<std::int64_t>;
  EXPECT_FALSE(inexact_in_f32(wholes({Wide::max(), Wide::min()})));
  EXPECT_EQ(inexact_in_f32(wholes({Wide::max() - 1})), Wide::max() - 1);
  const auto most =
      testing::run({.op = "Min", .inputs = {wholes({7, -3})}, .constants = {wholes({Wide::max()})}});
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_EQ(most->front().as<std::int64_t>()[0], 7);
}

}  // namespace
}  // namespace chengying::compiler
