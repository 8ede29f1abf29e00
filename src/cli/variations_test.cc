#include "cli/variations.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/chip_source.h"

namespace chengying::cli {
namespace {

isa::ChipSpec hanguang() {
  auto chip = find_chip("hanguang800");
  EXPECT_TRUE(chip);
  return *std::move(chip);
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto found = combinations(hanguang(), arguments);
  return found ? "" : found.error().message;
}

TEST(Variations, AreEveryCombinationWithTheLastKeyFastest) {
  const auto all = combinations(hanguang(), {"chip.cores=2,4", "chip.clock_hz=x1,x0.5"});
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 4u);
  EXPECT_EQ((*all)[1].chip.cores, 2);
  EXPECT_EQ((*all)[1].chip.clock_hz, 350e6);
  EXPECT_EQ((*all)[2].chip.cores, 4);
  EXPECT_EQ((*all)[2].chip.clock_hz, 700e6);
  EXPECT_EQ((*all)[2].changes[0].first, "chip.cores");
  EXPECT_NE((*all)[1].chip.digest, (*all)[2].chip.digest);
}

TEST(Variations, WithoutKeysAreTheChipItself) {
  const auto all = combinations(hanguang(), {});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().chip.digest, hanguang().digest);
}

TEST(Variations, ThatNoChipCanHaveSayWhy) {
  const auto all = combinations(hanguang(), {"power.idle_watts=60,300"});
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)[0].impossible, "");
  EXPECT_EQ((*all)[1].impossible,
            "power.idle_watts: the chip idles above its tdp_watts; idle_watts must be at most tdp_watts");
}

TEST(Variations, AreRefusedWhereTheArgumentIsWrong) {
  EXPECT_EQ(error_of({"chip.cores"}), "--vary chip.cores: KEY=VALUE,VALUE is expected");
  EXPECT_EQ(error_of({"chip.cores="}), "--vary chip.cores=: KEY=VALUE,VALUE is expected");
  EXPECT_EQ(error_of({"chip.cores=2,two"}),
            "--vary chip.cores=2,two: 'two' is no number; KEY=1e9,2e9 or KEY=x0.5,x2 is expected");
  EXPECT_EQ(error_of({"chip.cores=0"}), "chip.cores: value is 0 cores; allowed: 1 to 1024");
  EXPECT_EQ(error_of({"chip.color=1"}).substr(0, 44), "chip hanguang800 has no number 'chip.color';");
  std::string many = "chip.cores=1";
  for (int i = 2; i <= 100; ++i) many += fmt::format(",{}", i);
  EXPECT_EQ(error_of({many, many}), "more than 4096 combinations; vary fewer keys or values");
}

TEST(Variations, OfGuessesHalveAndDoubleEachEstimatedNumberAlone) {
  const isa::ChipSpec chip = hanguang();
  const auto all = guesses_changed(chip);
  const auto estimated =
      std::ranges::count(chip.numbers, isa::Provenance::kEstimated, &isa::SpecNumber::provenance);
  EXPECT_EQ(std::ssize(all), 2 * estimated);
  for (const Variation& variation : all) {
    EXPECT_EQ(variation.changes.size(), 1u);
    EXPECT_EQ(variation.impossible, "") << variation.changes[0].first;
    EXPECT_NE(variation.chip.digest, chip.digest);
  }
}

}  // namespace
}  // namespace chengying::cli
