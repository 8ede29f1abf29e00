// Replies: requests that wait for their answer, by number. Any thread may answer; each is delivered at most
// once. It is shared with every Reply, because a Reply may outlive the server: an answer that comes after
// close() is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "cloud/doors/http.h"

namespace chengying::doors {

class Replies : public std::enable_shared_from_this<Replies> {
 public:
  /// `deliver` only posts: it runs under the lock, so that close() can't return in the middle of it. If every
  /// copy of the Reply goes away unused, status 500 is delivered.
  Reply expect(const RequestHead& head, std::function<void(Response)> deliver);
  void close();

 private:
  struct Token;
  void answer(std::uint64_t id, Response response);
  bool waits(std::uint64_t id) const;

  mutable std::mutex mutex_;  // guards all below
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, std::function<void(Response)>> waiting_;
};

}  // namespace chengying::doors
