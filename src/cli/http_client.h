// HttpClient: asks an HTTP/1.1 server and waits for its answer, on one connection that it keeps. One thread.
// Failure: kUnavailable if the server can't be reached or breaks off, kDeadlineExceeded if it does not answer
// in time. An answer with an error status is an answer: service_client.h turns it into an Error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace chengying::cli {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::filesystem::path body_file;                                        // instead of body, if not empty
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  // of body_file
};

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Names compare without case.
  std::optional<std::string_view> header(std::string_view name) const;
};

class HttpClient {
 public:
  /// `url`: "http://host[:port]", nothing behind it. kInvalidArgument for anything else.
  static Result<HttpClient> make(std::string_view url);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  Result<HttpReply> ask(const HttpRequest& request);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chengying::cli
