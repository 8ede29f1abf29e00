#include "runtime/worker/serve_worker.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <new>
#include <utility>

#include "runtime/slice.h"
#include "runtime/worker/channel.h"
#include "runtime/worker/frame.h"
#include "runtime/worker/process.h"
#include "runtime/worker/shared_memory.h"

namespace chengying::runtime {
namespace {

using namespace worker;

/// Ends with the service, even when that is killed, and goes first when the machine's memory does.
void become_worker() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "worker");
  // A stop from a terminal or from the system reaches all of a service; the service stops its workers itself,
  // when they have answered.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  std::ofstream("/proc/self/oom_score_adj") << "500";
  std::set_new_handler([] { std::_Exit(kExitNoMemory); });
}

/// Before there is another thread: those that come inherit it. What the system refuses is left as it is.
void settle_on(const OpenFrame& open) {
  if (!open.host_cores.empty()) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    for (const std::uint32_t core : open.host_cores)
      if (core < CPU_SETSIZE) CPU_SET(core, &cores);
    ::sched_setaffinity(0, sizeof(cores), &cores);
  }
  if (open.nice > 0) ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + open.nice);
}

class Worker {
 public:
  explicit Worker(Channel channel) : channel_(std::move(channel)) {}

  Status serve() {
    TRY(open());
    for (;;) {
      auto packet = channel_.receive(std::chrono::milliseconds(0));
      if (!packet && packet.error().code == Code::kUnavailable) std::_Exit(0);  // no service, no answers
      if (!packet) return std::unexpected<Error>(std::move(packet).error());
      TRY_ASSIGN(const bool go_on, obey(*packet));
      if (!go_on) return {};
    }
  }

 private:
  Status open() {
    TRY_ASSIGN(Packet packet, channel_.receive(std::chrono::milliseconds(0)));
    TRY_ASSIGN(OpenFrame frame, decode<OpenFrame>(packet.bytes));
    settle_on(frame);
    TRY_ASSIGN(memory_, SharedMemory::open(std::move(packet.file), frame.shared_bytes));
    chip_ = std::move(frame.chip);
    const DeviceOptions options{.name = {},
                                .queue_capacity = frame.queue_capacity,
                                .threads_per_slice = frame.threads,
                                .batch_delay = std::chrono::microseconds(frame.batch_delay_us)};
    slice_ = std::make_unique<Slice>(chip_, frame.cores, frame.fence, options);
    return channel_.send_waiting(encode(OpenedFrame{}));
  }

  /// false: it was told to end, and has.
  Result<bool> obey(Packet& packet) {
    TRY_ASSIGN(const Kind kind, kind_of(packet.bytes));
    switch (kind) {
      case Kind::kRun: {
        TRY_ASSIGN(RunFrame frame, decode<RunFrame>(packet.bytes));
        TRY(run(std::move(frame)));
        return true;
      }
      case Kind::kLoad: {
        TRY_ASSIGN(const LoadFrame frame, decode<LoadFrame>(packet.bytes));
        TRY(channel_.send_waiting(encode(LoadedFrame{frame.id, load(frame, packet.file)})));
        return true;
      }
      case Kind::kUnload: {
        TRY_ASSIGN(const UnloadFrame frame, decode<UnloadFrame>(packet.bytes));
        slice_->unload(LoadedId{frame.id});
        return true;
      }
      case Kind::kClose:
        TRY(decode<CloseFrame>(packet.bytes));
        slice_->close();
        return false;
      default:
        return fail(Code::kDataLoss, "a frame of kind {} is not for a worker",
                    static_cast<std::uint32_t>(kind));
    }
  }

  /// The pages of the file are those that the service sees: constants are in memory once.
  Status load(const LoadFrame& frame, const Handle& file) {
    TRY_ASSIGN(isa::Executable executable, isa::load_executable(fmt::format("/proc/self/fd/{}", file.fd())));
    if (frame.digest != Digest{} && executable.digest != frame.digest)
      return fail(Code::kDataLoss, "the file of this executable is not the one that the service read");
    return slice_->load(LoadedId{frame.id}, std::make_shared<const isa::Executable>(std::move(executable)));
  }

  Status run(RunFrame frame) {
    Buffers buffers;
    for (const Extent& extent : frame.inputs) {
      TRY_ASSIGN(const std::span<std::byte> bytes, memory_->at(extent));
      buffers.inputs.push_back(bytes);
    }
    for (const Extent& extent : frame.outputs) {
      TRY_ASSIGN(const std::span<std::byte> bytes, memory_->at(extent));
      std::ranges::fill(bytes, std::byte{0});  // nothing of an earlier answer
      buffers.outputs.push_back(bytes);
    }
    Work work{.loaded = LoadedId{frame.loaded},
              .batch = frame.batch,
              .inputs = {},
              .deadline = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(frame.deadline_ns)),
              .done = [this, request = frame.request](RunDone done) { answer(request, done); },
              .fence = frame.fence,
              .arguments = std::move(frame.arguments),
              .buffers = std::move(buffers)};
    if (const Status submitted = slice_->submit(std::move(work)); !submitted)
      answer(frame.request, {std::unexpected(submitted.error()), {}});
    return {};
  }

  void answer(std::uint64_t request, const RunDone& done) {
    DoneFrame frame{request, {}, done.cost};
    if (!done.outputs) frame.status = std::unexpected(done.outputs.error());
    // Without a service there is nobody to tell: the end of the channel ends this process.
    if (!channel_.send_waiting(encode(frame))) std::_Exit(0);
  }

  Channel channel_;
  isa::ChipSpec chip_;
  std::unique_ptr<SharedMemory> memory_;
  std::unique_ptr<Slice> slice_;  // last: its thread uses all of the above
};

}  // namespace

Status serve_worker() {
  int type = 0;
  socklen_t size = sizeof(type);
  if (::getsockopt(kSocketOfWorker, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return fail(Code::kInvalidArgument, "a worker is started by the service: there is no channel to one");
  become_worker();
  const Status served = Worker(Channel(Handle(kSocketOfWorker))).serve();
  if (!served) return within("worker", served.error());
  return {};
}

}  // namespace chengying::runtime
