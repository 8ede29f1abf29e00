#include "cloud/doors/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cloud/doors/openapi.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

TEST(Routes, ParametersComeInOrder) {
  const Match found = match(Method::kPost, *parse_target("/v2/models/a%2Fb/versions/1/infer"));
  ASSERT_NE(found.route, nullptr);
  EXPECT_THAT(found.parameters, ElementsAre("a/b", "1"));
}

TEST(Routes, HeadIsAnsweredWhereverGetIs) {
  EXPECT_NE(match(Method::kHead, *parse_target("/healthz")).route, nullptr);
  EXPECT_EQ(match(Method::kHead, *parse_target("/api/v1/quotes")).route, nullptr);
}

TEST(Routes, AnotherMethodIsToldWhichThereAre) {
  const Match found = match(Method::kPut, *parse_target("/api/v1/leases"));
  EXPECT_EQ(found.route, nullptr);
  EXPECT_THAT(found.allowed, ElementsAre(Method::kPost, Method::kGet));
}

TEST(Routes, OnlyHealthPricesAndDescriptionsAreOpenToAll) {
  std::set<std::string> open;
  for (const Route& route : routes()) {
    if (route.access == Access::kPublic) open.emplace(route.pattern);
  }
  EXPECT_THAT(open, ElementsAre("/api/v1/offers", "/api/v1/openapi.json", "/api/v1/price-books/{version}",
                                "/api/v1/price-books/{version}/signature", "/healthz", "/metrics", "/v2",
                                "/v2/health/live", "/v2/health/ready"));
}

TEST(OpenApi, DescribesExactlyTheRoutesThatThereAre) {
  std::set<std::string> described, served;
  const json::value document = json::parse(openapi_text());
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    for (const auto& operation : methods.as_object()) {
      described.insert(std::string(path) + " " + std::string(operation.key()));
    }
  }
  for (const Route& route : routes())
    served.insert(std::string(route.pattern) + " " + lower(name_of(route.method)));
  EXPECT_EQ(described, served);
}

TEST(OpenApi, SaysWhichScopeEachRouteNeeds) {
  const json::value document = json::parse(openapi_text());
  for (const Route& route : routes()) {
    const json::object& operation =
        document.at("paths").at(route.pattern).at(lower(name_of(route.method))).as_object();
    const json::value* scope = operation.if_contains("x-scope");
    const auto wanted = scope_of(route.access);
    const std::string expected = wanted                            ? std::string(cloud::name_of(*wanted))
                                 : route.access == Access::kAnyKey ? "any"
                                                                   : "";
    EXPECT_EQ(scope ? std::string(scope->as_string()) : "", expected) << route.pattern;
    EXPECT_EQ(operation.at("security").as_array().empty(), route.access == Access::kPublic) << route.pattern;
    EXPECT_EQ(operation.contains("requestBody"), route.body != Body::kNone) << route.pattern;
  }
}

/// Calls `use` with every object in the document.
void walk(const json::value& value, const std::function<void(const json::object&)>& use) {
  if (value.is_array()) {
    for (const json::value& element : value.get_array()) walk(element, use);
  } else if (value.is_object()) {
    use(value.get_object());
    for (const auto& member : value.get_object()) walk(member.value(), use);
  }
}

TEST(OpenApi, ReferencesLeadSomewhereAndOperationsHaveTheirOwnNames) {
  const json::value document = json::parse(openapi_text());
  std::set<std::string> names;
  std::size_t operations = 0;
  walk(document, [&](const json::object& object) {
    if (const json::value* name = object.if_contains("operationId")) {
      ++operations;
      names.emplace(name->as_string());
      EXPECT_TRUE(object.contains("summary")) << name->as_string();
    }
    const json::value* reference = object.if_contains("$ref");
    if (reference == nullptr) return;
    json::error_code error;
    document.find_pointer(std::string_view(reference->as_string()).substr(1), error);
    EXPECT_FALSE(error) << reference->as_string();
  });
  EXPECT_EQ(names.size(), operations);
  EXPECT_EQ(operations, routes().size());
}

}  // namespace
}  // namespace chengying::doors
