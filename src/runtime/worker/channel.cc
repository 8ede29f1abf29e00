#include "runtime/worker/channel.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/worker/frame.h"

namespace chengying::runtime::worker {
namespace {

/// Room for one descriptor beside a packet, aligned as the system wants it.
struct alignas(cmsghdr) FileSpace {
  std::array<std::byte, CMSG_SPACE(sizeof(int))> bytes;
};

Status send_packet(int socket, std::span<const std::byte> packet, int file, int flags) {
  iovec part{const_cast<std::byte*>(packet.data()), packet.size()};  // the system only reads it
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  FileSpace space{};
  if (file >= 0) {
    message.msg_control = &space;
    message.msg_controllen = sizeof(space.bytes);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &file, sizeof(file));
  }
  for (;;) {
    if (::sendmsg(socket, &message, flags | MSG_NOSIGNAL) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return fail(Code::kResourceExhausted, "the worker has not read what was sent before");
    return fail(Code::kUnavailable, "the worker can't be reached: {}", std::strerror(errno));
  }
}

/// Takes the descriptors that came: the first is kept, any other closed.
Handle take_file(msghdr& message) {
  Handle first;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    Handle came(fd);
    if (!first.open()) first = std::move(came);
  }
  return first;
}

}  // namespace

Handle::~Handle() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::pair<Channel, Channel>> Channel::pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(Code::kResourceExhausted, "no socket for a worker: {}", std::strerror(errno));
  return std::pair(Channel(Handle(ends[0])), Channel(Handle(ends[1])));
}

Status Channel::send(std::span<const std::byte> packet, int file) {
  return send_packet(socket_.fd(), packet, file, MSG_DONTWAIT);
}

Status Channel::send_waiting(std::span<const std::byte> packet) {
  return send_packet(socket_.fd(), packet, -1, 0);
}

Result<Packet> Channel::receive(std::chrono::milliseconds limit) {
  if (limit != limit_) {
    const timeval time{limit.count() / 1000, limit.count() % 1000 * 1000};
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    limit_ = limit;
  }
  alignas(8) std::array<std::byte, kFrameBytesMost> buffer;  // not zeroed: it is large, frames are small
  iovec part{buffer.data(), buffer.size()};
  FileSpace space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &space;
  message.msg_controllen = sizeof(space.bytes);
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket_.fd(), &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return fail(Code::kDeadlineExceeded, "nothing came for {} ms", limit.count());
  if (count <= 0) return fail(Code::kUnavailable, "the other end is closed");
  Packet packet;
  packet.file = take_file(message);
  if ((message.msg_flags & MSG_TRUNC) != 0)
    return fail(Code::kDataLoss, "a packet of more than {} bytes", kFrameBytesMost);
  packet.bytes.assign(buffer.begin(), buffer.begin() + count);
  return packet;
}

}  // namespace chengying::runtime::worker
