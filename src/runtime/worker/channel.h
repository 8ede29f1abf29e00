// Channel: one end of the socket pair between a service and a worker: packets whole, in order, each with at
// most one file. Any thread may send; one receives.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"

namespace chengying::runtime::worker {

/// A file descriptor that closes itself.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int fd) : fd_(fd) {}
  Handle(Handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Handle();
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Packet {
  std::vector<std::byte> bytes;
  Handle file;  // if one came with it
};

class Channel {
 public:
  Channel() = default;
  explicit Channel(Handle socket) : socket_(std::move(socket)) {}
  /// Both ends; neither is handed on to programs that are started.
  static Result<std::pair<Channel, Channel>> pair();

  /// Never waits: kResourceExhausted if the other end has not read what was sent before, kUnavailable if it
  /// is gone.
  Status send(std::span<const std::byte> packet, int file = -1);
  /// Waits for room.
  Status send_waiting(std::span<const std::byte> packet);
  /// The next packet; kDeadlineExceeded if none comes in `limit` (0: however long it takes), kUnavailable
  /// when the other end is closed, kDataLoss for a packet longer than kFrameBytesMost.
  Result<Packet> receive(std::chrono::milliseconds limit);

  int fd() const { return socket_.fd(); }

 private:
  Handle socket_;
  std::chrono::milliseconds limit_{0};  // that the socket has now
};

}  // namespace chengying::runtime::worker
