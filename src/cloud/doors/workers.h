// Workers: a few threads behind one bounded queue, for work that may block for a commit, so that io threads
// need not. Any thread may hand in work. The destructor finishes what is queued.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace chengying::doors {

class Workers {
 public:
  using Job = std::move_only_function<void()>;

  Workers(unsigned threads, std::size_t capacity) : queue_(capacity) {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        while (auto job = queue_.pop()) (*job)();
      });
    }
  }
  ~Workers() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False if the queue is full; `job` is then untouched.
  bool try_run(Job&& job) { return queue_.try_push(std::move(job)); }
  std::size_t queued() const { return queue_.size(); }

 private:
  BoundedQueue<Job> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace chengying::doors
