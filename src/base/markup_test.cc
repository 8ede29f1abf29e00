#include "base/markup.h"

#include <gtest/gtest.h>

namespace chengying {
namespace {

TEST(Markup, WhatMeansSomethingThereIsAnEntity) {
  EXPECT_EQ(markup_escaped(R"(a<b>&"c"')"), "a&lt;b&gt;&amp;&quot;c&quot;'");
  EXPECT_EQ(markup_escaped("\xe5\x90\x8d 1"), "\xe5\x90\x8d 1");
}

}  // namespace
}  // namespace chengying
