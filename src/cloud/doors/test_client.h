// TestClient: a plain blocking socket that says exactly the bytes that a test wants said, for tests of the
// door only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace chengying::doors {

struct TestAnswer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head, body;
  bool has(std::string_view text) const {
    return head.find(text) != std::string::npos || body.find(text) != std::string::npos;
  }
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{20, 0};  // so that a bug fails a test instead of hanging it
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~TestClient() { ::close(socket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return connected_; }
  /// False if the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// The next answer; "100 Continue" counts as one. `has_body` is false for the answer to HEAD.
  TestAnswer read(bool has_body = true) {
    TestAnswer answer;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return answer;
    }
    answer.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    const std::size_t length = has_body ? content_length(answer.head) : 0;
    while (received_.size() < length && receive()) {
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }
  /// The next chunk of an answer whose head was read; "" for the last one, or if the connection ended
  /// without.
  std::string read_chunk() {
    std::size_t line = 0;
    while ((line = received_.find("\r\n")) == std::string::npos) {
      if (!receive()) return ended_early_ = true, std::string();
    }
    std::size_t length = 0;
    std::from_chars(received_.data(), received_.data() + line, length, 16);
    while (received_.size() < line + 2 + length + 2) {
      if (!receive()) return ended_early_ = true, std::string();
    }
    std::string chunk = received_.substr(line + 2, length);
    received_.erase(0, line + 2 + length + 2);
    return chunk;
  }
  /// The connection ended in the middle of chunks.
  bool ended_early() const { return ended_early_; }
  /// True if the other side ends the connection with nothing more to say.
  bool ends() { return received_.empty() && !receive(); }

  TestAnswer ask(std::string_view bytes) {
    send(bytes);
    return read();
  }

 private:
  bool ended_early_ = false;
  static std::size_t content_length(std::string_view head) {
    const std::size_t at = head.find("\r\nContent-Length: ");
    std::size_t length = 0;
    if (at != std::string_view::npos)
      std::from_chars(head.data() + at + 18, head.data() + head.size(), length);
    return length;
  }
  bool receive() {
    char buffer[4096];
    const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count > 0) received_.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }

  int socket_;
  bool connected_ = false;
  std::string received_;
};

}  // namespace chengying::doors
