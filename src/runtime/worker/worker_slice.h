// WorkerSlice: the service's side of a slice that is a process. Its thread starts the worker, reads what it
// says, and starts it again when it ends; the worker is believed nothing that could hurt the service.
// Invariant: a request's memory is given back only when its answer came or its worker is gone. Any thread may
// call it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "runtime/worker/channel.h"
#include "runtime/worker/frame.h"
#include "runtime/worker/process.h"
#include "runtime/worker/shared_memory.h"
#include "runtime/worker/worker_device.h"

namespace chengying::runtime {

class WorkerSlice {
 public:
  /// Waits until the worker is ready; kUnavailable, saying why, if it can't be started.
  static Result<std::shared_ptr<WorkerSlice>> open(const isa::ChipSpec& chip, std::uint16_t cores,
                                                   std::int64_t fence, const DeviceOptions& options,
                                                   const WorkerOptions& workers);
  ~WorkerSlice();
  WorkerSlice(const WorkerSlice&) = delete;
  WorkerSlice& operator=(const WorkerSlice&) = delete;

  /// Tried again on the next worker if this one ends meanwhile; kUnavailable if a few do.
  Status load(LoadedId id, std::shared_ptr<const isa::Executable> executable,
              const std::filesystem::path& file);
  void unload(LoadedId id);
  /// kUnavailable while there is no worker.
  Status submit(Work work);
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { kStarting, kServing, kClosing };
  struct Loaded {
    std::shared_ptr<const isa::Executable> executable;
    worker::Handle file;
    Digest digest;  // that the file must have; all zero: it was made for this
  };
  struct Loading {
    std::shared_ptr<const Loaded> what;
    std::promise<Result<Status>> verdict;  // an error: the worker ended
  };
  struct Running {
    Completion done;
    std::vector<Tensor> outputs;                // unless it brought its own buffers
    std::vector<std::span<std::byte>> answers;  // where the outputs go
    worker::Extent memory;                      // of all its tensors
    std::vector<worker::Extent> parts;          // of each output
  };

  WorkerSlice(const isa::ChipSpec& chip, std::uint16_t cores, std::int64_t fence,
              const DeviceOptions& options, const WorkerOptions& workers, HostPlace place,
              std::unique_ptr<worker::SharedMemory> memory);

  // What its thread does.
  void supervise();
  Status start_worker();
  Status open_on(worker::Channel& channel);
  Status load_on(worker::Channel& channel, LoadedId id, const Loaded& loaded);
  Result<worker::Packet> receive_in(worker::Channel& channel, std::chrono::milliseconds limit);
  void begin_serving(worker::Channel channel, const std::vector<LoadedId>& ids);
  /// Until it ends or has to be ended: why.
  std::string read_worker();
  Status take(const worker::Packet& packet);
  Status take_answer(worker::DoneFrame frame);
  Status take_loaded(worker::LoadedFrame frame);
  std::string overdue();
  void end_requests(const std::string& why);
  bool wait_before_start();
  void tell(WorkerEvent::Kind kind, std::string what, double seconds = 0);

  // What callers do.
  Result<Status> load_once(LoadedId id, const std::shared_ptr<const Loaded>& loaded);
  Result<std::shared_ptr<const Loaded>> find(const Work& work);
  Status send_run(Running running, worker::RunFrame frame);

  const isa::ChipSpec& chip_;
  const std::uint16_t cores_;
  const std::int64_t fence_;
  const DeviceOptions options_;
  const WorkerOptions workers_;
  const std::string name_;  // of the chip
  const HostPlace place_;
  const std::unique_ptr<worker::SharedMemory> memory_;
  std::promise<Status> first_start_;

  std::mutex mutex_;  // of the members below
  std::condition_variable changed_;
  State state_ = State::kStarting;
  worker::Channel channel_;  // sending under the lock; receiving by the thread alone
  std::map<LoadedId, std::shared_ptr<const Loaded>> loaded_;
  std::map<std::uint64_t, Running> running_;
  std::map<LoadedId, Loading> loading_;
  std::size_t waiting_ = 0;  // requests that have no answer yet
  std::uint64_t last_request_ = 0;
  Clock::time_point heard_;  // when the worker last answered, or was first given something to answer
  std::string why_not_;      // there is no worker now
  std::string why_end_;      // it is to be killed; empty: it is not

  worker::Process process_;  // the thread's, as all below
  int failures_ = 0;         // starts in a row without an answer
  Clock::time_point ended_;
  std::once_flag closed_;
  std::thread thread_;
};

}  // namespace chengying::runtime
