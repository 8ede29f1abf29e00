#include "billing/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace chengying::billing {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(Money, ParsesWhatItPrints) {
  for (const std::int64_t nano : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1},
                                  std::int64_t{999'999'999}, std::int64_t{-12'000'000'340}, kMax, -kMax}) {
    const auto parsed = Money::parse(to_string(Money::nano(nano)));
    ASSERT_TRUE(parsed) << nano;
    EXPECT_EQ(parsed->nano(), nano);
  }
  EXPECT_EQ(to_string(Money::nano(12)), "0.000000012");
  EXPECT_EQ(to_string(Money::nano(-3'500'000'000)), "-3.500000000");
  EXPECT_EQ(to_micro_string(12'340'001), "12.340001");
}

TEST(Money, RefusesWhatIsNoAmount) {
  for (const char* text :
       {"", "-", ".", "1.", ".5", "1.0000000001", "1e3", "1,5", "+1", "--1", " 1", "1 ", "0x1", "nan"}) {
    const auto parsed = Money::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
    EXPECT_NE(parsed.error().message.find("is not an amount"), std::string::npos) << parsed.error().message;
  }
}

TEST(Money, OverflowIsAnErrorNeverAWrap) {
  EXPECT_FALSE(Money::parse("9223372037"));
  EXPECT_FALSE(Money::parse("99999999999999999999"));
  EXPECT_FALSE(add(Money::nano(kMax), Money::nano(1)));
  EXPECT_FALSE(subtract(Money::nano(-kMax), Money::nano(2)));
  EXPECT_FALSE(negate(Money::nano(std::numeric_limits<std::int64_t>::min())));
  EXPECT_FALSE(Money::micro(kMax));
  EXPECT_EQ(add(Money::nano(kMax), Money::nano(0))->nano(), kMax);
}

}  // namespace
}  // namespace chengying::billing
