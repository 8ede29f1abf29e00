// Store: the one writer of the cloud's state. Takes commands from any thread, applies all that wait in one
// transaction (each in a savepoint), commits, and only then answers: group commit. A hold alone may be
// answered as soon as it is applied: it becomes durable no later than its post, which is in the same file
// behind it. Invariant: an answer that is not early is durable. Answers run on the writer's thread and must
// not block. Failure: a full disk makes the answers kUnavailable; the next transaction tries again.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cloud/store/command.h"
#include "cloud/store/database.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

class Store {
 public:
  using Answer = std::function<void(Result<Effects>)>;

  struct Counters {
    std::uint64_t commands = 0, commits = 0, commit_nanoseconds = 0, commit_failures = 0;
    std::int64_t queued = 0;
    bool writable = true;
  };

  /// Opens or makes the database, checks it whole (check.h) and starts the writer. `process`: this control
  /// process's name, where several share the store. `clock` must outlive the Store.
  static Result<std::unique_ptr<Store>> open(const std::string& where, const Clock& clock,
                                             std::int64_t queue_capacity, const std::string& process = "");
  ~Store();

  /// Answered once durable. kResourceExhausted if too many wait (then `answer` is not called).
  Status submit(Command command, Answer answer);
  /// A HoldWork, answered as soon as it is applied.
  Status submit_early(Command command, Answer answer);
  /// For what settles something already begun: never refused.
  void settle(Command command, Answer answer);
  /// Submits and waits.
  Result<Effects> apply(Command command);

  /// Reads committed state: `read(database)` on a connection of its own. Any thread; one reader at a time.
  template <class Read>
  auto read(Read read) -> decltype(read(std::declval<Database&>())) {
    const std::lock_guard lock(reader_mutex_);
    return read(*reader_);
  }

  /// Control processes that a shared store was not written by for `silence_us`, and when they last did.
  Result<std::vector<std::pair<std::string, std::int64_t>>> silent(std::int64_t silence_us);

  Now now() const;
  Counters counters() const;
  /// For tests: limits the size of the database, as a full disk would. 0: no limit.
  void limit_pages_for_test(std::int64_t pages);

 private:
  struct Job {
    Command command;
    Answer answer;
    bool early = false;
  };

  Store(Database writer, Database reader, const Clock& clock, std::int64_t queue_capacity,
        std::string process);
  /// Begins the transaction; of a shared store: with the journal and the time line where the neighbours left
  /// them.
  Status begin();
  /// Whether a commit that was cut off was done after all: of a shared store that is looked up. Fails if the
  /// server does not come back to tell.
  Result<bool> landed();
  void advance_to(std::int64_t monotonic_us);
  Status push(Job job, bool always);
  void run();
  /// The jobs that wait; empty after `until` has passed; nullopt when closed and empty.
  std::optional<std::vector<Job>> take(std::optional<std::chrono::steady_clock::time_point> until);
  void apply_one(Job job);
  Result<Effects> apply_in_savepoint(const Command& command);
  Status say_alive();
  void commit();
  void abandon(const Error& error);
  void trouble(const Error& error);

  Database writer_;
  State state_;
  std::optional<Database> reader_;
  std::mutex reader_mutex_;
  const Clock& clock_;
  const std::int64_t queue_capacity_;
  const std::string process_;                       // the control process's name
  std::atomic<std::int64_t> monotonic_base_us_{0};  // added to the clock's monotonic time

  // Of the writer's thread.
  struct Applied {
    Answer answer;
    Effects effects;
  };
  std::vector<Applied> applied_;                    // wait for the commit
  bool open_ = false;                               // a transaction is
  std::chrono::steady_clock::time_point begun_at_;  // the open transaction was
  bool in_trouble_ = false;                         // the last transaction was abandoned
  std::optional<std::int64_t> page_limit_;

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<Job> jobs_;
  bool closed_ = false;
  Counters counters_;
  std::optional<std::int64_t> page_limit_wanted_;
  std::thread thread_;
};

}  // namespace chengying::cloud
