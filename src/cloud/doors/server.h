// HttpServer: HTTP/1.1 on a TCP socket, with a limit on everything that a client can make it hold or wait
// for. Requests of one connection are answered in order (pipelining is safe); `admit` sees each request's
// head before its body is read. It owns its io threads, on which nothing may block: `admit` and
// `Accepted::run` only hand work on. Failure: what a client does wrong gets an HTTP status and, where the
// stream is lost, a closed connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "cloud/doors/http.h"

namespace chengying::doors {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free one, see HttpServer::port
  unsigned io_threads = 1;
  std::uint32_t header_bytes_max = 16 * 1024;
  std::size_t connections_max = 1024;
  std::size_t in_flight_max = 512;                               // requests admitted and not yet answered
  std::uint64_t body_memory_max_bytes = std::uint64_t{1} << 30;  // of all bodies being read or answered
  std::chrono::milliseconds idle_timeout{60'000};                // between requests
  std::chrono::milliseconds header_timeout{10'000};              // from the first byte to the end of the head
  std::chrono::milliseconds body_grace{10'000};                  // a body may take this ...
  std::uint64_t bytes_per_second_min = 16 * 1024;                // ... and a second for so many bytes
  std::filesystem::path spool_folder;                            // for bodies that go to files
};

/// What is to be done with a request whose head was accepted.
struct Accepted {
  std::uint64_t body_bytes_max = 0;
  bool body_to_file = false;
  std::function<void(Request&&, Reply)> run;  // io thread; must not block
};
/// Called on an io thread with each head, before "100 Continue" and the body: accept, or answer at once.
using Admit = std::function<std::expected<Accepted, Response>(const RequestHead&)>;

struct ServerCounts {
  std::size_t connections = 0;
  std::size_t in_flight = 0;
  std::uint64_t body_bytes = 0;
};

class HttpServer {
 public:
  /// Binds and listens; kUnavailable names the address if it can't.
  static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Admit admit);
  /// Ends at once: requests in flight are cut off. Drain first.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;  // that it listens on
  ServerCounts counts() const;
  /// Stops accepting, closes idle connections, lets requests in flight be answered. True if all were before
  /// `limit` had passed. Blocks; idempotent.
  bool drain(std::chrono::milliseconds limit);

  struct State;  // known to server.cc alone

 private:
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chengying::doors
