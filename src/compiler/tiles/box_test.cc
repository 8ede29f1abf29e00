#include "compiler/tiles/box.h"

#include <gtest/gtest.h>

#include <random>

namespace chengying::compiler::tiles {
namespace {

Box random_box(std::mt19937& random) {
  Box box;
  for (int d = 0; d < 3; ++d) {
    box.start.push_back(static_cast<std::int64_t>(random() % 5));
    box.size.push_back(static_cast<std::int64_t>(random() % 5));
  }
  return box;
}

bool holds(const Box& box, const std::vector<std::int64_t>& point) {
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (point[d] < box.start[d] || point[d] >= box.start[d] + box.size[d]) return false;
  }
  return true;
}

TEST(Box, EachPointOfADifferenceIsInExactlyOnePiece) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const Box a = random_box(random), b = random_box(random), c = random_box(random);
    const std::vector<Box> pieces = difference(a, std::vector{b, c});
    for (std::int64_t i = 0; i < 9 * 9 * 9; ++i) {
      const std::vector<std::int64_t> point{i % 9, i / 9 % 9, i / 81};
      const bool wanted = holds(a, point) && !holds(b, point) && !holds(c, point);
      int found = 0;
      for (const Box& piece : pieces) found += holds(piece, point) ? 1 : 0;
      ASSERT_EQ(found, wanted ? 1 : 0);
      ASSERT_EQ(holds(intersection(a, b), point), holds(a, point) && holds(b, point));
    }
  }
}

TEST(Box, ABoundContainsBothAndAnEmptyBoxAddsNothing) {
  const Box a{{0, 4}, {2, 1}}, b{{3, 1}, {1, 1}}, empty{{9, 9}, {0, 3}};
  EXPECT_EQ(bound(a, b), (Box{{0, 1}, {4, 4}}));
  EXPECT_TRUE(contains(bound(a, b), a) && contains(bound(a, b), b));
  EXPECT_EQ(bound(a, empty), a);
  EXPECT_TRUE(contains(a, empty));
}

TEST(Box, RankZeroIsOneElement) {
  const Box scalar;
  EXPECT_FALSE(scalar.empty());
  EXPECT_EQ(scalar.elements(), 1);
  EXPECT_TRUE(difference(scalar, scalar).empty());
}

}  // namespace
}  // namespace chengying::compiler::tiles
