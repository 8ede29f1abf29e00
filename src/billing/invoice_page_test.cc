#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "billing/invoice.h"

namespace chengying::billing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Record record() {
  Record out;
  out.sequence = 1;
  out.tenant = "tn_1";
  out.request = "r,\"1\"";
  out.endpoint = "ep_1";
  out.project = "pr_1";
  out.offer = "a.1";
  out.chip = "a";
  out.clock_hz = 1;
  out.cycles = 36;
  out.micro_per_core_hour = 100;
  out.price = *price_of(out);
  seal(out);
  return out;
}

Invoice invoice(const Record& of) {
  return *make_invoice({"inv_<1>", "tn_1", "USD", "2026-11-24T05:24:49.123456Z", {}, {}}, std::span(&of, 1));
}

TEST(Page, ShowsProjectsLinesAndDigestsAndStandsAlone) {
  const Invoice of = invoice(record());
  const std::string page = to_html(of, "Acme <&> Sons");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("<h2>Project pr_1</h2>"));
  EXPECT_THAT(page, HasSubstr("<td class=n>36 cycles</td>"));
  EXPECT_THAT(page, HasSubstr("<h2>Total 0.000001 USD</h2>"));
  EXPECT_THAT(page, HasSubstr(of.digest.hex()));
  EXPECT_THAT(page, HasSubstr("<p>Tenant Acme &lt;&amp;&gt; Sons (tn_1)<br>"));
  EXPECT_THAT(to_html(of, ""), HasSubstr("<p>Tenant tn_1<br>"));
  EXPECT_THAT(page, HasSubstr("@page"));
  EXPECT_THAT(page, Not(HasSubstr("http"))) << "nothing is fetched";
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(Page, TextFromOutsideIsText) {
  EXPECT_THAT(to_html(invoice(record()), ""), HasSubstr("Invoice inv_&lt;1&gt;"));
  Record credit = record();
  credit.kind = RecordKind::kAdjustment;
  credit.note = "<script>alert(\"x\")&";
  seal(credit);
  EXPECT_THAT(to_html(invoice(credit), ""), HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&amp;"));
}

TEST(Csv, HasAColumnForEachNameAndQuotesWhatNeedsIt) {
  const auto csv = to_csv(to_json(record()) + "\n");
  ASSERT_TRUE(csv) << csv.error().message;
  const std::size_t end = csv->find("\r\n");
  EXPECT_EQ(std::count(csv->begin(), csv->begin() + static_cast<std::ptrdiff_t>(end), ','), 30);
  EXPECT_THAT(*csv, HasSubstr("\r\n1,,work,\"r,\"\"1\"\"\",ep_1,,pr_1,,a.1,a,1,1,1,"));
  EXPECT_TRUE(csv->ends_with("\r\n"));
}

TEST(Csv, ATextThatLooksLikeAFormulaIsText) {
  Record formula = record();
  formula.request = "=1+1";
  seal(formula);
  EXPECT_THAT(*to_csv(to_json(formula)), HasSubstr(",\"'=1+1\","));
}

TEST(Csv, ALineThatIsNoRecordIsRefused) {
  EXPECT_EQ(to_csv("{}\n").error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace chengying::billing
