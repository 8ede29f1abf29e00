// Batcher: the bounded queue of a slice, from which requests are taken in groups that can run together. The
// oldest request leads; those behind it for the same executable join it, in order, as long as they fit. Many
// producers, one consumer. Whom a request joins changes neither its bytes nor its cost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "runtime/device.h"

namespace chengying::runtime {

class Batcher {
 public:
  enum class Pushed : std::uint8_t { kQueued, kFull, kClosed };

  /// `delay`: how long the oldest request may wait for others; 0: every request goes alone.
  Batcher(std::size_t capacity, std::chrono::microseconds delay) : capacity_(capacity), delay_(delay) {}

  /// `group_limit`: the samples that may run together; no more than work.batch: it goes alone. `work` is
  /// unchanged unless it was queued.
  Pushed try_push(Work&& work, std::int32_t group_limit);

  /// Waits for the next group: at most `delay` from when its oldest request came, and no request longer than
  /// half of the time that it has until its deadline. Empty once closed.
  std::vector<Work> pop();

  /// Ends waiting; nothing is queued any more.
  void close();
  /// What was still queued when it was closed.
  std::vector<Work> drain();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Request {
    Work work;
    std::int32_t group_limit = 1;
    Time leave_at;  // when it stops waiting for company
  };
  struct Group {
    std::vector<std::size_t> members;  // indices into requests_
    Time leave_at;
    bool full = false;
  };

  Group group_locked() const;
  std::vector<Work> take_locked(const Group& group);

  const std::size_t capacity_;
  const std::chrono::microseconds delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_;  // oldest first
  bool closed_ = false;
};

}  // namespace chengying::runtime
