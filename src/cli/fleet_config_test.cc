#include "cli/fleet_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/embedded.h"

namespace chengying::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(Fleet, CountsChipsByKind) {
  EXPECT_THAT(*parse_fleet("[chips]\na = 4\nb = 1\n", "f"), UnorderedElementsAre(Pair("a", 4), Pair("b", 1)));
  EXPECT_TRUE(parse_fleet("", "f")->empty());
}

TEST(Fleet, TheOneThatShipsIsRead) {
  EXPECT_TRUE(parse_fleet(embedded_file("config/fleet.toml").value_or("?"), "config/fleet.toml"));
}

TEST(Fleet, ARefusalNamesFileLineAndWhatIsRight) {
  const auto message = [](std::string_view text) { return parse_fleet(text, "f.toml").error().message; };
  EXPECT_THAT(message("[chips]\na = 0\n"), HasSubstr("f.toml:2: a must be a number of chips in 1..1024"));
  EXPECT_THAT(message("[chips]\na = 2000\n"), HasSubstr("in 1..1024"));
  EXPECT_THAT(message("[chips]\na = \"four\"\n"), HasSubstr("in 1..1024"));
  EXPECT_THAT(message("[chip]\na = 1\n"), HasSubstr("chip is not known: write [chips]"));
  EXPECT_THAT(message("[chips"), HasSubstr("f.toml: not TOML"));
}

}  // namespace
}  // namespace chengying::cli
