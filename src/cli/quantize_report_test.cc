#include "cli/quantize_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace chengying::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

QuantizeReport report() {
  QuantizeReport r;
  r.model = "a<b>.onnx";
  r.output = "out.onnx";
  r.chip = "host";
  r.method = "minmax";
  r.calibrated = 43;
  r.measured = 8;
  r.compared_on = "pictures";
  r.comparison.samples = 200;
  r.comparison.same = 198;
  r.comparison.before = {4096, 4000, 10'000, 0.02, 150};
  r.comparison.after = {1024, 1000, 2'500, 0.005, 149};
  r.answer_db = 21.25;
  r.layers = {{"stem & co", "conv 3x3", "int8", 12, 11, 400, 104, ""},
              {"head", "dense", "bf16", 35.5, compiler::kNoNoise, 400, 200, "kept: because"}};
  r.notes = {"'v' was 0 in all calibration samples"};
  return r;
}

TEST(QuantizeReport, TheTableShowsTypesDecibelsAndWhatChanged) {
  const std::string text = text_of(report());
  EXPECT_THAT(text, HasSubstr("stem & co  conv 3x3   int8  104 B  12.0 dB   11.0 dB\n"));
  EXPECT_THAT(text, HasSubstr("head       dense      bf16  200 B  35.5 dB  no noise  kept: because\n"));
  EXPECT_THAT(text, HasSubstr("75.00 %   74.50 %  -0.50 points\n"));
  EXPECT_THAT(text, HasSubstr("99.00 %"));
  EXPECT_THAT(text, HasSubstr("20.0 ms   5.00 ms    4.00 times\n"));
  EXPECT_THAT(text, HasSubstr("note: 'v' was 0 in all calibration samples\n"));
}

TEST(QuantizeReport, WithoutLabelsThereIsNoTopOne) {
  QuantizeReport r = report();
  r.comparison.before.right = r.comparison.after.right = std::nullopt;
  EXPECT_THAT(text_of(r), Not(HasSubstr("top-1")));
  EXPECT_FALSE(json_of(r).at("before").as_object().contains("top1"));
}

TEST(QuantizeReport, JsonHasEveryNumber) {
  const auto json = json_of(report());
  EXPECT_EQ(json.at("samples").to_number<int>(), 43);
  EXPECT_EQ(json.at("after").at("top1").as_double(), 0.745);
  EXPECT_EQ(json.at("same_answer").as_double(), 0.99);
  EXPECT_EQ(json.at("layers").as_array().size(), 2u);
  EXPECT_EQ(json.at("layers").at(1).at("type").as_string(), "bf16");
  EXPECT_EQ(json.at("layers").at(0).at("alone_db").as_double(), 12);
}

TEST(QuantizeReport, ThePageHasABarForEachLayerAndNothingFromElsewhere) {
  const std::string page = html_of(report());
  EXPECT_THAT(page, HasSubstr("a&lt;b&gt;.onnx"));
  EXPECT_THAT(page, HasSubstr("stem &amp; co"));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr(R"(<div class="alone"><i class="low" style="width:20.0%">)"));  // 12 of 60 dB
  EXPECT_THAT(page, HasSubstr(R"(<div class="together"><i style="width:100.0%">)"));
  EXPECT_THAT(page, HasSubstr(R"(<td class="kept">bf16</td>)"));
  for (const char* outside : {"http:", "https:", "<script", "url("})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

}  // namespace
}  // namespace chengying::cli
