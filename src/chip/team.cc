#include "chip/team.h"

#include <chrono>

#include "base/check.h"

namespace chengying::chip {
namespace {

/// For the next run: a request follows a request, or the thread sleeps.
constexpr std::chrono::microseconds kSpinForWork{50};
constexpr unsigned kPausesPerLook = 32;

/// Counters of runs go round after 2^32, so "at least" is by the sign of the difference.
bool reached(std::uint32_t done, std::uint32_t steps) {
  return static_cast<std::int32_t>(done - steps) >= 0;
}

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

void Progress::publish(std::uint32_t steps) {
  // Sequentially consistent, not release: notify_all looks for sleepers after the store, and must not look
  // before it.
  done_.store(steps, std::memory_order_seq_cst);
  done_.notify_all();
}

void Progress::wait_for(std::uint32_t steps, std::chrono::microseconds spin) const {
  if (reached(done_.load(std::memory_order_acquire), steps)) return;
  const auto give_up = std::chrono::steady_clock::now() + spin;
  do {
    for (unsigned i = 0; i < kPausesPerLook; ++i) {
      pause();
      if (reached(done_.load(std::memory_order_acquire), steps)) return;
    }
  } while (std::chrono::steady_clock::now() < give_up);
  std::uint32_t seen = done_.load(std::memory_order_acquire);
  while (!reached(seen, steps)) {
    done_.wait(seen, std::memory_order_acquire);
    seen = done_.load(std::memory_order_acquire);
  }
}

Team::Team(unsigned threads) : workers_(threads) {
  CHECK(threads >= 1);
  for (unsigned t = 1; t < threads; ++t) workers_[t].thread = std::thread(&Team::work, this, t);
}

Team::~Team() {
  job_ = nullptr;
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.start.publish(++worker.runs);
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.join();
}

void Team::run(const std::vector<bool>& active, const Job& job) {
  CHECK(active.size() == workers_.size());
  for (Worker& worker : workers_) worker.progress.reset();
  job_ = &job;
  for (std::size_t t = 1; t < workers_.size(); ++t)
    if (active[t]) workers_[t].start.publish(++workers_[t].runs);
  if (active[0]) job(0);
  for (std::size_t t = 1; t < workers_.size(); ++t)
    if (active[t]) workers_[t].ended.wait_for(workers_[t].runs);
}

void Team::work(unsigned thread) {
  Worker& self = workers_[thread];
  for (std::uint32_t run = 1;; ++run) {
    self.start.wait_for(run, kSpinForWork);
    if (job_ == nullptr) return;
    (*job_)(thread);
    self.ended.publish(run);
  }
}

}  // namespace chengying::chip
