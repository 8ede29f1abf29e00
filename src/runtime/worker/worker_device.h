// A Device whose every slice is a process of its own: what breaks there, breaks there. The process is
// started, asked and watched by the slice's one thread; when it ends, its requests end with kUnavailable, and
// another is started with the same executables. Thread-safe, as Device is.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "runtime/worker/host_cores.h"

namespace chengying::runtime {

/// What happened to a slice's worker, for those who watch.
struct WorkerEvent {
  enum class Kind : std::uint8_t {
    kServes,  // again, after `seconds` without
    kEnded,   // `what` says how
    kFailed,  // could not be started
  };
  Kind kind = Kind::kServes;
  std::string chip, what;
  std::int64_t pid = 0;
  double seconds = 0;
};

struct WorkerOptions {
  std::filesystem::path binary = "/proc/self/exe";  // the very file that runs, even if it was replaced since
  std::vector<std::string> arguments{"worker"};
  std::chrono::milliseconds start_limit{30'000};   // to be ready in
  std::chrono::milliseconds load_limit{120'000};   // for one executable
  std::chrono::milliseconds answer_limit{60'000};  // without any answer while work is there: then it hangs
  std::chrono::milliseconds backoff_most{5'000};   // between starts of one that never answered
  std::uint64_t shared_bytes = std::uint64_t{1} << 30;  // address space for tensors; pages as they are used
  std::shared_ptr<HostCores> host_cores;  // of all devices of the service; nullptr: slices run anywhere
  std::function<void(const WorkerEvent&)> on_event;  // on a slice's thread
};

std::unique_ptr<Device> make_worker_device(isa::ChipSpec chip, const DeviceOptions& options,
                                           const WorkerOptions& workers);

}  // namespace chengying::runtime
