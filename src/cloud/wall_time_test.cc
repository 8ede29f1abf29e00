#include "cloud/wall_time.h"

#include <gtest/gtest.h>

#include <tuple>

namespace chengying::cloud {
namespace {

TEST(WallTime, AMonthIsFromItsFirstInstantToTheNextMonths) {
  for (const auto& [month, first, last] :
       {std::tuple{"2026-12", "2026-12-01T00:00:00Z", "2026-12-31T23:59:59.999999Z"},
        std::tuple{"2027-01", "2027-01-01T00:00:00Z", "2027-01-31T23:59:59.999999Z"},
        std::tuple{"2028-02", "2028-02-01T00:00:00Z", "2028-02-29T23:59:59.999999Z"},
        std::tuple{"1970-01", "1970-01-01T00:00:00Z", "1970-01-31T23:59:59.999999Z"}}) {
    const std::int64_t from = *parse_utc("first", first), to = *parse_utc("last", last);
    EXPECT_EQ(month_text(month_of(from)), month);
    EXPECT_EQ(month_text(month_of(to)), month);
    EXPECT_EQ(month_of(to + 1), month_of(from) + 1);
    EXPECT_EQ(start_of_month(month_of(to)), from);
    EXPECT_EQ(start_of_month(month_of(to) + 1), to + 1);
  }
}

}  // namespace
}  // namespace chengying::cloud
