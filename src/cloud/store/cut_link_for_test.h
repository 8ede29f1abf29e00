// CutLink: a link to a PostgreSQL server that can be cut exactly at a commit, by one who reads what goes over
// it: after the client sent COMMIT and before the server got it; or after the server did it and before the
// client hears of it. A cut link can be made again at once, or stays away until it is told. On unix sockets,
// a thread of its own. Only for tests.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/digest.h"

namespace chengying::cloud::testing {

enum class Cut : std::uint8_t { kNone, kBeforeTheServer, kBeforeTheAnswer };

/// What a client says, message by message: whether it says COMMIT, in a statement that it prepared.
class CommitReader {
 public:
  /// Whether a COMMIT ends in these bytes, which come after those of the calls before.
  bool finds_commit(std::string_view bytes) {
    waiting_ += bytes;
    for (;;) {
      const std::size_t head = started_ ? 1 : 0;  // the first message has no letter
      if (waiting_.size() < head + 4) return false;
      const std::size_t size = head + length_at(head);
      if (waiting_.size() < size) return false;
      const std::string message = waiting_.substr(0, size);
      waiting_.erase(0, size);
      if (started_ && is_commit(message)) return true;
      started_ = true;
    }
  }

 private:
  std::size_t length_at(std::size_t at) const {
    std::size_t length = 0;
    for (std::size_t i = at; i < at + 4; ++i) length = length << 8 | static_cast<unsigned char>(waiting_[i]);
    return length;
  }
  bool is_commit(const std::string& message) {
    const char* first = message.data() + 5;
    const std::string second(first + std::string_view(first).size() + 1);
    if (message[0] == 'P' && second == "COMMIT") prepared_.insert(first);
    return message[0] == 'B' && prepared_.contains(second);
  }

  std::string waiting_;
  bool started_ = false;
  std::set<std::string> prepared_;
};

class CutLink {
 public:
  /// To the server of `store_url`, which names the folder of its socket.
  explicit CutLink(const std::string& store_url)
      : folder_(std::filesystem::temp_directory_path() / ("chengying_link_" + random_hex(6))) {
    const std::size_t from = store_url.find("host=") + 5, to = store_url.find('&', from);
    server_ = store_url.substr(from, to - from);
    url_ = store_url.substr(0, from) + folder_.string() + store_url.substr(to);
    std::filesystem::create_directories(folder_);
    listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_in(folder_);
    CHECK(bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(listen(listening_, 16) == 0);
    thread_ = std::thread([this] { run(); });
  }
  CutLink(const CutLink&) = delete;
  CutLink& operator=(const CutLink&) = delete;
  ~CutLink() {
    stopping_ = true;
    thread_.join();
    for (Pair& pair : pairs_) pair.end();
    close(listening_);
    std::filesystem::remove_all(folder_);
  }

  /// The store by this link.
  const std::string& url() const { return url_; }
  /// Cuts the link once, at the next commit; it `stays_away` until `restore`.
  void cut_next(Cut cut, bool stays_away = false) {
    stays_away_ = stays_away;
    cut_ = cut;
  }
  void restore() { away_ = false; }
  int cuts() const { return cuts_; }

 private:
  struct Pair {
    int client = -1, server = -1;
    CommitReader reader{};
    bool committing = false;  // the answer to this commit is not let through
    std::string kept{};
    void end() {
      if (client >= 0) close(client);
      if (server >= 0) close(server);
      client = server = -1;
    }
  };

  static sockaddr_un address_in(const std::filesystem::path& folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder / ".s.PGSQL.5432";
    CHECK(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    return address;
  }

  void run() {
    while (!stopping_) {
      std::vector<pollfd> watched{{listening_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        watched.push_back({pair.client, POLLIN, 0});
        watched.push_back({pair.server, POLLIN, 0});
      }
      poll(watched.data(), watched.size(), 20);
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (watched[1 + 2 * i].revents != 0) from_client(pairs_[i]);
        if (watched[2 + 2 * i].revents != 0 && pairs_[i].server >= 0) from_server(pairs_[i]);
      }
      std::erase_if(pairs_, [](const Pair& pair) { return pair.client < 0; });
      if (watched[0].revents != 0) take_one();
    }
  }

  void take_one() {
    Pair pair{accept(listening_, nullptr, nullptr), -1};
    if (away_) return pair.end();
    pair.server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_in(server_);
    CHECK(connect(pair.server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    pairs_.push_back(std::move(pair));
  }

  void from_client(Pair& pair) {
    const std::string bytes = read_from(pair.client);
    if (bytes.empty()) return pair.end();
    if (pair.reader.finds_commit(bytes) && cut_ != Cut::kNone) {
      if (cut_ == Cut::kBeforeTheServer) return cut(pair);
      pair.committing = true;
    }
    write_to(pair.server, bytes);
  }

  void from_server(Pair& pair) {
    const std::string bytes = read_from(pair.server);
    if (bytes.empty()) return pair.end();
    if (!pair.committing) return write_to(pair.client, bytes);
    pair.kept += bytes;
    if (pair.kept.find(std::string_view("COMMIT\0", 7)) != std::string::npos) cut(pair);
  }

  void cut(Pair& pair) {
    cut_ = Cut::kNone;
    away_ = stays_away_.load();
    ++cuts_;
    pair.end();
  }

  static std::string read_from(int socket) {
    std::array<char, 65536> buffer;
    const ssize_t got = read(socket, buffer.data(), buffer.size());
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  static void write_to(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // its end is seen by the next read
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  const std::filesystem::path folder_;
  std::filesystem::path server_;
  std::string url_;
  int listening_ = -1;
  std::atomic<Cut> cut_ = Cut::kNone;
  std::atomic<bool> stays_away_ = false, away_ = false, stopping_ = false;
  std::atomic<int> cuts_ = 0;
  std::vector<Pair> pairs_;  // of the thread
  std::thread thread_;
};

}  // namespace chengying::cloud::testing
