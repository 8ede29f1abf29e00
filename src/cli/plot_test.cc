#include "cli/plot.h"

#include <gtest/gtest.h>

namespace chengying::cli {
namespace {

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

Plot two_points() {
  return {.title = "a < b & \"c\"",
          .x_label = "seconds",
          .y_label = "joules",
          .series = {{.name = "chips", .points = {{1e-3, 1, "slow"}, {1e-5, 10, "fast"}}}}};
}

TEST(Plot, IsADocumentWithEachPointAndItsLabel) {
  const std::string svg = two_points().svg();
  EXPECT_EQ(svg.substr(0, 5), "<svg ");
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, ">slow<"), 2u);  // beside it, and its tooltip
  EXPECT_NE(svg.find(">seconds<"), svg.npos);
  EXPECT_NE(svg.find("a &lt; b &amp; &quot;c&quot;"), svg.npos);
}

TEST(Plot, NamesTheValuesOfItsAxesHoweverSmall) {
  const std::string svg = two_points().svg();
  for (const char* tick : {">10 u<", ">100 u<", ">1 m<", ">1<", ">10<"})
    EXPECT_NE(svg.find(tick), svg.npos) << tick;
}

TEST(Plot, LeavesOutWhatALogarithmCannotShow) {
  Plot plot = two_points();
  plot.series[0].points.push_back({0, 1, "zero"});
  EXPECT_EQ(count(plot.svg(), "<circle"), 2u);
  plot.log_x = false;
  EXPECT_EQ(count(plot.svg(), "<circle"), 3u);
}

TEST(Plot, WithoutPointsSaysSo) {
  EXPECT_NE(Plot{.title = "empty"}.svg().find("nothing to show"), std::string::npos);
}

// Labels that would lie on each other stay tooltips.
TEST(Plot, NeverWritesLabelsOverEachOther) {
  Plot plot = two_points();
  plot.series[0].points.assign(50, {1, 1, "the same"});
  plot.series[0].points.push_back({10, 10, ""});
  EXPECT_LE(count(plot.svg(), ">the same</text>"), 4u);
  EXPECT_EQ(count(plot.svg(), "<title>the same"), 50u);
}

TEST(Plot, JoinsALine) {
  Plot plot = two_points();
  plot.series[0].line = true;
  EXPECT_EQ(count(plot.svg(), "<circle"), 0u);
  EXPECT_EQ(count(plot.svg(), "<path"), 1u);
}

}  // namespace
}  // namespace chengying::cli
