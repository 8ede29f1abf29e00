#include "cli/http_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "cloud/doors/server.h"

namespace chengying::cli {
namespace {

using testing::HasSubstr;

/// Echoes method, target and body; refuses /refused before its body.
class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    doors::ServerOptions options;
    options.port = 0;
    auto server =
        doors::HttpServer::start(options, [](const doors::RequestHead& head) { return admit(head); });
    if (server) server_ = *std::move(server);
  }

  static std::expected<doors::Accepted, doors::Response> admit(const doors::RequestHead& head) {
    if (head.target.path == "/refused") {
      doors::Response no;
      no.status = 403;
      no.body = "no";
      return std::unexpected(no);
    }
    doors::Accepted accepted;
    accepted.body_bytes_max = 10'000'000;
    accepted.run = [](doors::Request&& request, doors::Reply reply) {
      doors::Response response;
      response.body = fmt::format("{} {} {}", doors::name_of(request.head.method), request.head.target.path,
                                  request.body.size());
      response.headers.push_back({"X-Seen", std::string(request.head.header("X-Sent").value_or("nothing"))});
      reply(response);
    };
    return accepted;
  }

  HttpClient client() { return *HttpClient::make(fmt::format("http://127.0.0.1:{}", server_->port())); }

  static std::filesystem::path big_file() {
    const std::filesystem::path path =
        std::filesystem::path(testing::TempDir()) / fmt::format("http_client_big_{}", ::getpid());
    std::ofstream(path) << std::string(3'000'000, 'x');
    return path;
  }

  std::unique_ptr<doors::HttpServer> server_;
};

TEST_F(HttpClientTest, AsksAgainOnTheSameConnection) {
  HttpClient client = HttpClientTest::client();
  for (int i = 0; i < 3; ++i) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/a";
    request.body = "abc";
    request.headers.emplace_back("X-Sent", "yes");
    const auto reply = client.ask(request);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "POST /a 3");
    EXPECT_EQ(reply->header("x-seen"), "yes");
  }
  EXPECT_EQ(server_->counts().connections, 1U);
}

TEST_F(HttpClientTest, AFileIsSentWithProgressOnceItIsWelcome) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/file";
  request.body_file = big_file();
  std::uint64_t last = 0;
  request.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 3'000'000U);
    last = done;
  };
  const auto reply = client().ask(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "POST /file 3000000");
  EXPECT_EQ(last, 3'000'000U);
}

TEST_F(HttpClientTest, AFileThatIsRefusedIsNotSent) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/refused";
  request.body_file = big_file();
  request.progress = [](std::uint64_t, std::uint64_t) { FAIL(); };
  const auto reply = client().ask(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 403);
  EXPECT_EQ(reply->body, "no");
}

TEST_F(HttpClientTest, AServerThatIsNotThereIsNamed) {
  HttpClient client = HttpClientTest::client();
  server_.reset();
  const auto reply = client.ask({});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("is `chengying serve` running?"));
}

TEST(HttpClientUrl, OtherThanHttpHostAndPortIsRefused) {
  for (const char* url : {"", "localhost:8080", "https://x", "http://", "http://x:0", "http://x:65536",
                          "http://x/path", "http://x:80/path"}) {
    EXPECT_FALSE(HttpClient::make(url)) << url;
  }
  for (const char* url : {"http://x", "http://x:8080/", "http://[::1]:8080"})
    EXPECT_TRUE(HttpClient::make(url)) << url;
}

}  // namespace
}  // namespace chengying::cli
