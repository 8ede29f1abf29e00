#include "cli/named_numbers.h"

#include <gtest/gtest.h>

namespace chengying::cli {
namespace {

TEST(NamedNumbers, AreReadByName) {
  const auto numbers = named_numbers("--argument", {"length=17", "a=b=-5"});
  ASSERT_TRUE(numbers.has_value());
  EXPECT_EQ(*numbers, (std::map<std::string, std::int64_t>{{"length", 17}, {"a=b", -5}}));
}

TEST(NamedNumbers, WhatIsNoNumberIsNamed) {
  for (const char* text : {"length", "length=", "length=1.5", "=4", "length=99999999999999999999", "n=-1"}) {
    const auto numbers = named_numbers("--dimension", {text}, 0);
    ASSERT_FALSE(numbers.has_value()) << text;
    EXPECT_EQ(numbers.error().message,
              fmt::format("--dimension {}: expected NAME=SIZE, a whole number", text));
  }
}

TEST(NamedNumbers, ANameThatComesTwiceIsRefused) {
  const auto numbers = named_numbers("--argument", {"n=1", "n=2"});
  ASSERT_FALSE(numbers.has_value());
  EXPECT_EQ(numbers.error().message, "--argument n=2: the name was given before");
}

}  // namespace
}  // namespace chengying::cli
