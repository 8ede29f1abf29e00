#include "base/words.h"

#include <gtest/gtest.h>

#include <array>

namespace chengying {
namespace {

constexpr std::array<std::string_view, 3> kAllowed{"compile", "profile", "run"};

TEST(Words, TheNearestWordIsSuggested) {
  EXPECT_EQ(suggestion("comple", kAllowed), "did you mean 'compile'?");
  EXPECT_EQ(suggestion("rnu", kAllowed), "did you mean 'run'?");
}

TEST(Words, WhereNoneIsNearAllAreListed) {
  EXPECT_EQ(suggestion("deposit", kAllowed), "allowed: compile, profile, run");
  EXPECT_EQ(suggestion("x", {}), "allowed: ");
}

}  // namespace
}  // namespace chengying
