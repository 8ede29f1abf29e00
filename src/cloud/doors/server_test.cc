#include "cloud/doors/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "cloud/doors/test_client.h"

namespace chengying::doors {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Response saying(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// A server that echoes: the answer names path and body.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.port = 0;
    options_.spool_folder = testing::TempDir();
    options_.idle_timeout = 5s;
    options_.header_timeout = 5s;
  }

  void start() {
    auto server = HttpServer::start(options_, [this](const RequestHead& head) { return admit(head); });
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  std::expected<Accepted, Response> admit(const RequestHead& head) {
    if (head.target.path == "/refused") return std::unexpected(saying("no", 403));
    Accepted accepted;
    accepted.body_bytes_max = 1000;
    accepted.body_to_file = head.target.path == "/file";
    accepted.run = [this](Request&& request, Reply reply) { run(std::move(request), std::move(reply)); };
    return accepted;
  }

  void run(Request&& request, Reply reply) {
    ++ran_;
    if (request.head.target.path == "/dropped") return;
    const std::string body = request.body_file ? text_of(request.body_file->path()) : request.body;
    if (request.body_file) spooled_ = request.body_file->path();
    gone_ = request.gone;
    Response response = saying(request.head.target.path + "|" + body);
    if (request.head.target.path == "/parts" || request.head.target.path == "/cut")
      response.parts = std::make_shared<Counting>(*this, request.head.target.path == "/cut");
    if (request.head.target.path == "/held") {
      const std::lock_guard lock(mutex_);
      held_ = [reply, response] { reply(response); };
      holding_.notify_all();
      return;
    }
    reply(response);
  }

  /// Three parts, "1" to "3", of which "/cut" loses the last.
  class Counting : public Parts {
   public:
    Counting(ServerTest& test, bool cut) : test_(test), cut_(cut) { ++test_.streams_; }
    ~Counting() override { --test_.streams_; }
    void next(Reply deliver) override {
      const int part = ++test_.parts_;
      if (cut_ && part == 3) return;  // dropped
      deliver(part > 3 && !test_.endless_ ? saying("", 204) : saying(std::to_string(part)));
    }

   private:
    ServerTest& test_;
    const bool cut_;
  };

  static bool soon(const std::function<bool()>& holds) {
    for (int i = 0; i < 2'000 && !holds(); ++i) std::this_thread::sleep_for(5ms);
    return holds();
  }

  /// Waits until a request to /held has come; calling the result answers it.
  std::function<void()> held() {
    std::unique_lock lock(mutex_);
    holding_.wait(lock, [this] { return held_ != nullptr; });
    return std::exchange(held_, nullptr);
  }

  ServerOptions options_;
  std::atomic<int> ran_ = 0, parts_ = 0, streams_ = 0;
  std::atomic<bool> endless_ = false;
  Gone gone_;
  std::filesystem::path spooled_;
  std::mutex mutex_;
  std::condition_variable holding_;
  std::function<void()> held_;
  std::unique_ptr<HttpServer> server_;  // last: ends before what it calls
};

TEST_F(ServerTest, AnAnswerInPartsIsChunksAndTheConnectionGoesOn) {
  start();
  TestClient client(server_->port());
  const TestAnswer head = client.ask("GET /parts HTTP/1.1\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.head, HasSubstr("Transfer-Encoding: chunked"));
  for (const char* part : {"1", "2", "3", ""}) EXPECT_EQ(client.read_chunk(), part);
  EXPECT_FALSE(client.ended_early());
  EXPECT_EQ(client.ask("GET /next HTTP/1.1\r\n\r\n").body, "/next|");
  EXPECT_TRUE(soon([this] { return streams_ == 0; }));
}

TEST_F(ServerTest, APartThatIsDroppedEndsTheConnectionWithoutTheLastChunk) {
  start();
  TestClient client(server_->port());
  client.ask("GET /cut HTTP/1.1\r\n\r\n");
  for (const char* part : {"1", "2", ""}) EXPECT_EQ(client.read_chunk(), part);
  EXPECT_TRUE(client.ended_early());
}

TEST_F(ServerTest, AClientThatLeavesEndsItsStream) {
  start();
  endless_ = true;
  {
    TestClient client(server_->port());
    client.ask("GET /parts HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read_chunk(), "1");
    EXPECT_EQ(streams_, 1);
  }
  EXPECT_TRUE(soon([this] { return streams_ == 0; }));
}

TEST_F(ServerTest, WhoeverWorksForAClientSeesThatItLeft) {
  start();
  std::function<void()> answer;
  {
    TestClient client(server_->port());
    client.send("GET /held HTTP/1.1\r\n\r\n");
    answer = held();
    client.send("GET /next HTTP/1.1\r\n\r\n");  // there, though it says more than was asked
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(*gone_);
    answer();
    EXPECT_EQ(client.read().body, "/held|");
    EXPECT_EQ(client.read().body, "/next|");
    client.send("GET /held HTTP/1.1\r\n\r\n");
    answer = held();
  }
  EXPECT_TRUE(soon([this] { return gone_->load(); }));
  answer();
}

TEST_F(ServerTest, RequestsOfOneConnectionAreAnsweredInTheirOrder) {
  start();
  TestClient client(server_->port());
  client.send(
      "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read().body, "/1|");
  EXPECT_EQ(client.read().body, "/2|abc");
  EXPECT_EQ(client.read().body, "/3|");
}

TEST_F(ServerTest, ABodyMayComeInChunks) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask(
      "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(answer.body, "/c|abcde");
  EXPECT_EQ(client.ask("GET /next HTTP/1.1\r\n\r\n").body, "/next|");
}

TEST_F(ServerTest, AHeadAnswerHasTheLengthButNotTheBody) {
  start();
  TestClient client(server_->port());
  client.send("HEAD /h HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.read(false).head, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_EQ(client.ask("GET /g HTTP/1.1\r\n\r\n").body, "/g|");
}

TEST_F(ServerTest, AClientThatExpectsItIsToldToContinueOnlyWhenItsHeadWasAccepted) {
  start();
  TestClient client(server_->port());
  EXPECT_EQ(client.ask("POST /e HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").status, 100);
  EXPECT_EQ(client.ask("ok").body, "/e|ok");
  EXPECT_EQ(client.ask("POST /refused HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").status,
            403);
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, AnUploadGoesToAFileThatIsGoneAfterwards) {
  start();
  TestClient client(server_->port());
  EXPECT_EQ(client.ask("POST /file HTTP/1.1\r\nContent-Length: 5\r\n\r\nbytes").body, "/file|bytes");
  EXPECT_EQ(spooled_.parent_path(), options_.spool_folder.parent_path());
  EXPECT_TRUE(server_->drain(10s));
  EXPECT_FALSE(std::filesystem::exists(spooled_));
}

TEST_F(ServerTest, AnUploadThatBreaksOffLeavesNoFile) {
  options_.spool_folder = testing::TempDir() + "/spool_broken_" + std::to_string(::getpid());
  std::filesystem::create_directories(options_.spool_folder);
  start();
  {
    TestClient client(server_->port());
    client.send("POST /file HTTP/1.1\r\nContent-Length: 500\r\n\r\nbytes");
  }
  EXPECT_TRUE(server_->drain(10s));
  EXPECT_TRUE(std::filesystem::is_empty(options_.spool_folder));
  EXPECT_EQ(ran_, 0);
}

TEST_F(ServerTest, AnUploadThatCannotBeStoredIsRefused) {
  options_.spool_folder = "/nonexistent";
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("POST /file HTTP/1.1\r\nContent-Length: 5\r\n\r\nbytes");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body,
              HasSubstr("the upload could not be stored: the service's disk is full or failing"));
}

TEST_F(ServerTest, ALongBodyIsRefusedBeforeItIsRead) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("POST /x HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("longer than the 1000 bytes that this route takes"));
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ALongChunkedBodyIsRefusedWhenItGrowsTooLong) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                                 std::string(1001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(ran_, 0);
}

TEST_F(ServerTest, ALongHeadIsRefused) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(answer.status, 431);
  EXPECT_THAT(answer.body, HasSubstr("the request's head is longer than 16384 bytes"));
}

TEST_F(ServerTest, WhatIsNotHttpIsRefused) {
  start();
  TestClient client(server_->port());
  EXPECT_EQ(client.ask("\x16\x03\x01 hello\r\n\r\n").status, 400);
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ABodyWhoseLengthIsAmbiguousIsRefused) {
  start();
  for (const std::string headers :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: -1\r\n", "Transfer-Encoding: gzip\r\n"}) {
    TestClient client(server_->port());
    const auto answer = client.ask("POST / HTTP/1.1\r\n" + headers + "\r\nabc");
    EXPECT_GE(answer.status, 400) << headers;
    EXPECT_TRUE(client.ends()) << headers;
  }
  EXPECT_EQ(ran_, 0);
}

TEST_F(ServerTest, ABrokenEscapeInTheTargetIsRefused) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("GET /a%zz HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("the path has a broken %-escape"));
}

TEST_F(ServerTest, AHeadThatDoesNotArriveInTimeIsRefused) {
  options_.header_timeout = 50ms;
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("GET / HTT");
  EXPECT_EQ(answer.status, 408);
  EXPECT_THAT(answer.body, HasSubstr("the request's head did not arrive in time"));
}

TEST_F(ServerTest, ABodyThatDoesNotArriveInTimeIsRefused) {
  options_.body_grace = 50ms;
  start();
  for (const std::string length : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
    TestClient client(server_->port());
    const auto answer = client.ask("POST / HTTP/1.1\r\n" + length + "\r\n\r\n1");
    EXPECT_EQ(answer.status, 408) << length;
    EXPECT_THAT(answer.body, HasSubstr("the request's body did not arrive in time"));
  }
  EXPECT_EQ(ran_, 0);
}

TEST_F(ServerTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.idle_timeout = 50ms;
  start();
  TestClient client(server_->port());
  EXPECT_EQ(client.ask("GET /a HTTP/1.1\r\n\r\n").status, 200);
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ARequestThatIsDroppedIsAnswered) {
  start();
  TestClient client(server_->port());
  const auto answer = client.ask("GET /dropped HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("something failed on our side; name request req_"));
}

TEST_F(ServerTest, RequestsOverTheLimitAreRefusedUntilOthersAreAnswered) {
  options_.in_flight_max = 1;
  start();
  TestClient first(server_->port()), second(server_->port());
  first.send("GET /held HTTP/1.1\r\n\r\n");
  const auto answer_first = held();
  const auto refused = second.ask("GET /x HTTP/1.1\r\n\r\n");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After"));
  EXPECT_THAT(refused.body, HasSubstr("the service has as many requests in flight as it takes"));
  answer_first();
  EXPECT_EQ(first.read().body, "/held|");
  EXPECT_EQ(first.ask("GET /x HTTP/1.1\r\n\r\n").body, "/x|");
}

TEST_F(ServerTest, BodiesTogetherHaveALimit) {
  options_.body_memory_max_bytes = 1500;
  start();
  TestClient first(server_->port()), second(server_->port());
  first.send("POST /held HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  const auto answer_first = held();
  EXPECT_EQ(second.ask("POST /x HTTP/1.1\r\nContent-Length: 501\r\n\r\n").status, 503);
  answer_first();
  EXPECT_EQ(first.read().status, 200);
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreTurnedAway) {
  options_.connections_max = 1;
  start();
  TestClient first(server_->port());
  EXPECT_EQ(first.ask("GET /x HTTP/1.1\r\n\r\n").status, 200);
  TestClient second(server_->port());
  const auto answer = second.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("too many connections"));
}

TEST_F(ServerTest, DrainClosesIdleConnectionsAndFinishesRequestsInFlight) {
  start();
  TestClient idle(server_->port()), busy(server_->port());
  EXPECT_EQ(idle.ask("GET /x HTTP/1.1\r\n\r\n").status, 200);
  busy.send("GET /held HTTP/1.1\r\n\r\n");
  const auto answer = held();
  bool drained = false;
  std::thread drain([&] { drained = server_->drain(20s); });
  EXPECT_TRUE(idle.ends());
  EXPECT_FALSE(TestClient(server_->port()).connected());
  answer();
  const auto last = busy.read();
  EXPECT_EQ(last.body, "/held|");
  EXPECT_THAT(last.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(busy.ends());
  drain.join();
  EXPECT_TRUE(drained);
}

TEST_F(ServerTest, DrainGivesUpAtItsLimitAndALateAnswerHarmsNobody) {
  start();
  TestClient client(server_->port());
  client.send("GET /held HTTP/1.1\r\n\r\n");
  const auto late = held();
  EXPECT_FALSE(server_->drain(20ms));
  server_.reset();
  late();
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, APortThatIsTakenIsRefusedByName) {
  start();
  ServerOptions same = options_;
  same.port = server_->port();
  const auto second = HttpServer::start(same, [this](const RequestHead& head) { return admit(head); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("can't listen on 127.0.0.1:{}", same.port)));
}

}  // namespace
}  // namespace chengying::doors
