#include "cloud/doors/http.h"

#include <gtest/gtest.h>

#include "cloud/doors/answers.h"

namespace chengying::doors {
namespace {

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = parse_target("/v2/models/a%20b%2Fc/infer?top_k=5&name=x+y&empty&top_k=6");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v2", "models", "a b/c", "infer"}));
  EXPECT_EQ(target->query_value("top_k"), "5");
  EXPECT_EQ(target->query_value("name"), "x y");
  EXPECT_EQ(target->query_value("empty"), "");
  EXPECT_FALSE(target->query_value("other"));
}

TEST(Target, AClosingSlashChangesNothing) {
  EXPECT_EQ(parse_target("/v2/")->segments, parse_target("/v2")->segments);
  EXPECT_TRUE(parse_target("/")->segments.empty());
}

TEST(Target, WhatIsBrokenIsRefused) {
  EXPECT_EQ(parse_target("v2").error(), "the target must begin with '/'");
  EXPECT_EQ(parse_target("").error(), "the target must begin with '/'");
  EXPECT_EQ(parse_target("/a%2").error(), "the path has a broken %-escape");
  EXPECT_EQ(parse_target("/a%00b").error(), "the path has a broken %-escape");
  EXPECT_EQ(parse_target("/a//b").error(), "the path has an empty segment ('//')");
  EXPECT_EQ(parse_target("/a?b=%g0").error(), "the query has a broken %-escape");
}

TEST(Headers, AreFoundWithoutCase) {
  RequestHead head;
  head.headers = {{"content-TYPE", "a"}, {"X", "b"}, {"Content-Type", "c"}};
  EXPECT_EQ(head.header("Content-Type"), "a");
  EXPECT_EQ(head.count("CONTENT-TYPE"), 2U);
  EXPECT_FALSE(head.header("Y"));
}

TEST(JsonText, IsValidWhateverTheBytes) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json_quoted("h\xc3\xa9 \xf0\x9f\x90\x88"), "\"h\xc3\xa9 \xf0\x9f\x90\x88\"");
  EXPECT_EQ(json_quoted("\xff\xc3"), R"("\ufffd\ufffd")");
  EXPECT_EQ(json_quoted("\xed\xa0\x80\xc0\x80"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd")");
}

TEST(Errors, HaveTheFormOfTheProtocolThatWasSpoken) {
  RequestHead head;
  head.id = "req_1";
  head.target = *parse_target("/v2/models/x");
  EXPECT_EQ(error_answer(head, {Code::kNotFound, "no"}).body, "{\"error\":\"no\"}\n");
  head.target = *parse_target("/api/v1/models");
  const Response response = error_answer(head, {Code::kNotFound, "no"});
  EXPECT_EQ(response.body,
            "{\"error\":{\"code\":\"not_found\",\"message\":\"no\",\"request_id\":\"req_1\"}}\n");
  EXPECT_EQ(response.status, 404);
}

TEST(Errors, WhatFailedInsideIsNotToldOutside) {
  RequestHead head;
  head.id = "req_1";
  head.target = *parse_target("/api/v1/models");
  const Response response = error_answer(head, {Code::kInternal, "/var/lib/secret failed"});
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace chengying::doors
