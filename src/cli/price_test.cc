#include "cli/price.h"

#include <gtest/gtest.h>

#include "cli/chip_source.h"

namespace chengying::cli {
namespace {

TEST(Price, WorkCostsByTheOnDemandOfferOfTheSlice) {
  const auto chip = find_chip("host");
  ASSERT_TRUE(chip) << chip.error().message;
  const auto hour = static_cast<std::uint64_t>(chip->clock_hz) * 3600;
  const auto one = price_of_work(*chip, 1, hour), two = price_of_work(*chip, 2, hour);
  ASSERT_TRUE(one && *one && two && *two);
  EXPECT_EQ((*one)->offer, "host.1.on_demand");
  EXPECT_EQ((*two)->amount.nano(), 2 * (*one)->amount.nano());
}

TEST(Price, ASliceThatNobodyOffersHasNone) {
  const auto chip = find_chip("host");
  ASSERT_TRUE(chip);
  const auto price = price_of_work(*chip, 1000, 1);
  ASSERT_TRUE(price);
  EXPECT_FALSE(price->has_value());
}

TEST(Chips, TheEmbeddedSpecsAllParse) {
  const auto chips = all_chips("");
  ASSERT_TRUE(chips) << chips.error().message;
  EXPECT_GE(chips->size(), 2u);
}

}  // namespace
}  // namespace chengying::cli
