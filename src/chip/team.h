// Team: the threads that walk one program together: the caller is thread 0, the others sleep between runs. A
// thread tells the others how many of its steps are done (Progress), and waits for theirs: spinning for a
// moment, because the answer is usually microseconds away, then asleep, so that a crowded machine does not
// collapse.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace chengying::chip {

/// How many steps a thread has done. One cache line each: its writer is alone on it.
class alignas(64) Progress {
 public:
  void reset() { done_.store(0, std::memory_order_relaxed); }
  /// Everything that this thread wrote before is seen by whoever waited for it.
  void publish(std::uint32_t steps);
  /// Spins for `spin`, then sleeps.
  void wait_for(std::uint32_t steps, std::chrono::microseconds spin = kSpinWithinRun) const;

  /// Longer than nearly all waits between dependent instructions: sleep and wake-up cost more than most of
  /// them. (Measured: networks of 1 ms lose a third where waits sleep after 50 us.)
  static constexpr std::chrono::microseconds kSpinWithinRun{200};

 private:
  std::atomic<std::uint32_t> done_{0};
};

class Team {
 public:
  using Job = std::function<void(unsigned thread)>;

  explicit Team(unsigned threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Runs job(t) on each thread t with active[t], thread 0 being the caller, and returns when all have ended.
  /// `active` has one entry for each thread. One caller at a time.
  void run(const std::vector<bool>& active, const Job& job);

  Progress& progress(unsigned thread) { return workers_[thread].progress; }

 private:
  /// The workers' own lines; entry 0 is the caller's, whose `start`, `ended` and `thread` stay unused.
  struct Worker {
    Progress progress;
    Progress start;          // number of runs begun
    Progress ended;          // number of runs ended
    std::uint32_t runs = 0;  // the caller's count
    std::thread thread;
  };

  void work(unsigned thread);

  std::vector<Worker> workers_;
  const Job* job_ = nullptr;  // null after start: the end
};

}  // namespace chengying::chip
