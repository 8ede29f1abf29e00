#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace chengying {
namespace {

constexpr int kCodeCount = static_cast<int>(Code::kInternal) + 1;

TEST(Error, EachCodeHasAnHttpErrorStatusAndItsOwnNameAndExitCode) {
  std::set<std::string_view> names;
  std::set<int> exits;
  for (int i = 0; i < kCodeCount; ++i) {
    const Code code = static_cast<Code>(i);
    names.insert(name_of(code));
    exits.insert(exit_code_of(code));
    EXPECT_GE(http_status_of(code), 400);
    EXPECT_LT(http_status_of(code), 600);
    EXPECT_GT(exit_code_of(code), 2);
    EXPECT_LT(exit_code_of(code), 126);
  }
  EXPECT_EQ(names.size(), kCodeCount);
  EXPECT_EQ(exits.size(), kCodeCount);
}

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Code::kInvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<int> quarter_of(int number) {
  TRY_ASSIGN(const int half, half_of(number));
  TRY_ASSIGN(const int quarter, half_of(half));
  return quarter;
}

TEST(Error, TryAssignPassesTheValueOnOrReturnsTheFirstError) {
  EXPECT_EQ(quarter_of(12), 3);
  const auto wrong = quarter_of(6);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  EXPECT_EQ(wrong.error().message, "3 is odd");
}

TEST(Error, WithinSaysWhereAndKeepsTheCode) {
  const Result<int> wrong = within("chips/host.toml", half_of(1).error());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "chips/host.toml: 1 is odd");
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace chengying
