#include "runtime/top_k.h"

#include <gtest/gtest.h>

#include <limits>

namespace chengying::runtime {
namespace {

using List = std::vector<TopK>;

TEST(TopK, LargestFirstAndOfEqualsTheEarlier) {
  const std::vector<float> values{1, 5, 3, 5, -2};
  EXPECT_EQ(top_k(values, 3), (List{{1, 5}, {3, 5}, {2, 3}}));
}

TEST(TopK, MoreThanThereAreGivesAll) {
  const std::vector<float> values{1, 2};
  EXPECT_EQ(top_k(values, 9), (List{{1, 2}, {0, 1}}));
  EXPECT_EQ(top_k({}, 3), List{});
}

TEST(TopK, NanComesLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values{nan, -std::numeric_limits<float>::infinity(), nan, 0};
  const List best = top_k(values, 4);
  EXPECT_EQ(best[0].index, 3);
  EXPECT_EQ(best[1].index, 1);
  EXPECT_EQ(best[2].index, 0);
  EXPECT_EQ(best[3].index, 2);
}

}  // namespace
}  // namespace chengying::runtime
