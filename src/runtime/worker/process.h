// Process: a worker's process as its service sees it: started, asked how it ended, killed. It never outlives
// its Process. One thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/worker/channel.h"

namespace chengying::runtime::worker {

/// The descriptor at which a worker finds its end of the channel.
inline constexpr int kSocketOfWorker = 3;
/// What a worker ends with when it has no more memory.
inline constexpr int kExitNoMemory = 77;

class Process {
 public:
  /// Starts `binary` with `arguments` and that end of a channel as its only open file besides the standard
  /// ones (its standard output is ours for errors). kUnavailable if it can't be.
  static Result<Process> start(const std::filesystem::path& binary, const std::vector<std::string>& arguments,
                               const Channel& socket);
  Process() = default;
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Process() { end(); }

  pid_t pid() const { return pid_; }
  /// Kills it if it still runs, and waits until it is gone. How it ended: "signal 9", "exit code 3".
  std::string end();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;
};

}  // namespace chengying::runtime::worker
