#include "cloud/doors/json_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chengying::doors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(JsonBody, ReadsWhatItIsAskedFor) {
  JsonBody body(R"({"name":"a","count":3,"flags":[1,8],"on":true,"object":{"x":1},"none":null})");
  EXPECT_EQ(body.text("name"), "a");
  EXPECT_EQ(body.integer("count", 1, 3), 3);
  EXPECT_THAT(body.integers_or("flags", {}), ElementsAre(1, 8));
  EXPECT_TRUE(body.flag_or("on", false));
  EXPECT_EQ(body.json_or_empty("object", "an object"), R"({"x":1})");
  EXPECT_EQ(body.text_or("none", "fallback"), "fallback");
  EXPECT_TRUE(body.finish());
}

std::string refusal(std::string_view text) {
  JsonBody body(text);
  body.text("name");
  body.integer_or("count", 1, 1, 9);
  const Status status = body.finish();
  return status ? "accepted" : status.error().message;
}

TEST(JsonBody, RefusesWhatIsWrongByName) {
  EXPECT_EQ(refusal(R"({"name":"a"})"), "accepted");
  EXPECT_EQ(refusal(""), "'name' is missing: it must be a string");
  EXPECT_EQ(refusal(R"({"name":1})"), "'name' must be a string, not a number");
  EXPECT_EQ(refusal(R"({"name":"a","count":10})"), "'count' must be a whole number from 1 to 9, not 10");
  EXPECT_EQ(refusal(R"({"name":"a","count":1.5})"), "'count' must be a whole number from 1 to 9, not 1.5E0");
  EXPECT_EQ(refusal(R"({"name":"a","nmae":1})"), "'nmae' is not known here; known are: count, name");
  EXPECT_EQ(refusal("[1]"), "the body must be a JSON object, not an array");
  EXPECT_THAT(refusal("{\"name\":"), HasSubstr("the body is not valid JSON"));
  EXPECT_THAT(refusal("{} {}"), HasSubstr("the body is not valid JSON"));
  EXPECT_THAT(refusal("{\"a\":" + std::string(100, '[')), HasSubstr("the body is not valid JSON"));
}

TEST(JsonBody, AKeyInABodyIsSentWhereItBelongs) {
  EXPECT_THAT(refusal(R"({"name":"a","key":"chg_secret"})"), HasSubstr("'Authorization: Bearer chg_...'"));
}

}  // namespace
}  // namespace chengying::doors
