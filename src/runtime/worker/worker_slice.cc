// What callers do: open, load, submit, close. The slice's own thread: worker_slice_thread.cc.
#include "runtime/worker/worker_slice.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "runtime/run.h"
#include "runtime/slice.h"

namespace chengying::runtime {

using namespace worker;

namespace {

constexpr int kLoadTries = 3;

/// The executable's bytes in memory that has a descriptor.
Result<Handle> memory_file(const isa::Executable& executable) {
  const std::vector<std::byte> bytes = isa::encode(executable);
  Handle file(::memfd_create("chengying_executable", MFD_CLOEXEC));
  std::size_t done = 0;
  while (file.open() && done < bytes.size()) {
    const ssize_t count = ::write(file.fd(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  if (done < bytes.size() || !file.open())
    return fail(Code::kResourceExhausted, "no memory for an executable of {} bytes", bytes.size());
  return file;
}

Result<Handle> open_file(const std::filesystem::path& path) {
  Handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open())
    return fail(Code::kUnavailable, "the executable's file can't be opened: {}", std::strerror(errno));
  return file;
}

/// Cuts `memory` into a piece for each span, one after another.
template <class Spans>
std::vector<Extent> cut(const Spans& spans, std::uint64_t& offset) {
  std::vector<Extent> parts;
  for (const auto& span : spans) {
    parts.push_back({offset, span.size()});
    offset += SharedMemory::rounded(span.size());
  }
  return parts;
}

std::uint64_t size_of_all(const Buffers& buffers) {
  std::uint64_t end = 0;
  cut(buffers.inputs, end);
  cut(buffers.outputs, end);
  return end;
}

}  // namespace

Result<std::shared_ptr<WorkerSlice>> WorkerSlice::open(const isa::ChipSpec& chip, std::uint16_t cores,
                                                       std::int64_t fence, const DeviceOptions& options,
                                                       const WorkerOptions& workers) {
  TRY_ASSIGN(auto memory, SharedMemory::make(workers.shared_bytes));
  HostPlace place;
  if (workers.host_cores != nullptr)
    place = workers.host_cores->take(threads_for(cores, options), cores, chip.cores);
  std::shared_ptr<WorkerSlice> slice(
      new WorkerSlice(chip, cores, fence, options, workers, std::move(place), std::move(memory)));
  TRY(slice->first_start_.get_future().get());
  return slice;
}

WorkerSlice::WorkerSlice(const isa::ChipSpec& chip, std::uint16_t cores, std::int64_t fence,
                         const DeviceOptions& options, const WorkerOptions& workers, HostPlace place,
                         std::unique_ptr<SharedMemory> memory)
    : chip_(chip),
      cores_(cores),
      fence_(fence),
      options_(options),
      workers_(workers),
      name_(options.name.empty() ? chip.name : options.name),
      place_(std::move(place)),
      memory_(std::move(memory)),
      thread_([this] { supervise(); }) {}

WorkerSlice::~WorkerSlice() {
  close();
}

void WorkerSlice::close() {
  std::call_once(closed_, [this] {
    CHECK(std::this_thread::get_id() != thread_.get_id());
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::kServing) channel_.send(encode(CloseFrame{}));
      state_ = State::kClosing;
      heard_ = Clock::now();
    }
    changed_.notify_all();
    thread_.join();
    if (workers_.host_cores != nullptr) workers_.host_cores->give_back(place_);
  });
}

Status WorkerSlice::load(LoadedId id, std::shared_ptr<const isa::Executable> executable,
                         const std::filesystem::path& file) {
  auto loaded = std::make_shared<Loaded>();
  if (!file.empty()) loaded->digest = executable->digest;
  TRY_ASSIGN(loaded->file, file.empty() ? memory_file(*executable) : open_file(file));
  loaded->executable = std::move(executable);
  Error ended;
  for (int i = 0; i < kLoadTries; ++i) {
    const Result<Status> verdict = load_once(id, loaded);
    if (verdict) return *verdict;
    ended = verdict.error();
    if (ended.code != Code::kUnavailable) break;
  }
  return std::unexpected(std::move(ended));
}

Result<Status> WorkerSlice::load_once(LoadedId id, const std::shared_ptr<const Loaded>& loaded) {
  std::future<Result<Status>> verdict;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, workers_.start_limit, [this] { return state_ != State::kStarting; });
    if (state_ == State::kClosing) return fail(Code::kUnavailable, "the slice is closed");
    if (state_ == State::kStarting) return fail(Code::kUnavailable, "{}", why_not_);
    const LoadFrame frame{id.value, loaded->digest};
    TRY(channel_.send(encode(frame), loaded->file.fd()));
    Loading& loading = loading_[id] = Loading{loaded, {}};
    verdict = loading.verdict.get_future();
  }
  if (verdict.wait_for(workers_.load_limit) == std::future_status::ready) return verdict.get();
  const std::lock_guard lock(mutex_);
  loading_.erase(id);
  why_end_ = fmt::format("took more than {} to load an executable", workers_.load_limit);
  return fail(Code::kDeadlineExceeded, "the worker of chip {} {}", name_, why_end_);
}

void WorkerSlice::unload(LoadedId id) {
  const std::lock_guard lock(mutex_);
  if (loaded_.erase(id) > 0 && state_ == State::kServing) channel_.send(encode(UnloadFrame{id.value}));
}

Result<std::shared_ptr<const WorkerSlice::Loaded>> WorkerSlice::find(const Work& work) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kClosing) return fail(Code::kUnavailable, "the slice is closed");
  const auto found = loaded_.find(work.loaded);
  if (found == loaded_.end()) return fail(Code::kNotFound, "no such executable is loaded on this slice");
  TRY(check_fence(work, fence_));
  if (state_ == State::kStarting) return fail(Code::kUnavailable, "{}", why_not_);
  return found->second;
}

Status WorkerSlice::submit(Work work) {
  TRY_ASSIGN(const std::shared_ptr<const Loaded> loaded, find(work));
  const isa::Executable& executable = *loaded->executable;
  TRY(check_request(executable, work));
  Running running;
  if (!work.buffers) running.outputs = make_outputs(executable, work.batch);
  const Buffers buffers = work.buffers ? *std::move(work.buffers) : buffers_of(work.inputs, running.outputs);
  const std::uint64_t size = size_of_all(buffers);
  if (size > memory_->bytes())
    return fail(Code::kTooLarge, "a request with {} bytes of tensors; a slice has room for {}", size,
                memory_->bytes());
  const auto memory = memory_->take(size);
  if (!memory)
    return fail(Code::kResourceExhausted, "the slice's memory for requests is full; try again later");

  std::uint64_t offset = memory->offset;
  RunFrame frame{.request = 0,
                 .loaded = work.loaded.value,
                 .batch = work.batch,
                 .fence = work.fence,
                 .deadline_ns = std::chrono::nanoseconds(work.deadline.time_since_epoch()).count(),
                 .inputs = cut(buffers.inputs, offset),
                 .outputs = cut(buffers.outputs, offset),
                 .arguments = std::move(work.arguments)};
  for (std::size_t i = 0; i < buffers.inputs.size(); ++i)
    std::ranges::copy(buffers.inputs[i], memory_->at(frame.inputs[i])->begin());
  running.done = std::move(work.done);
  running.answers = buffers.outputs;
  running.memory = *memory;
  running.parts = frame.outputs;
  Status sent = send_run(std::move(running), std::move(frame));
  if (!sent) memory_->give_back(*memory);
  return sent;
}

Status WorkerSlice::send_run(Running running, RunFrame frame) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kClosing) return fail(Code::kUnavailable, "the slice is closed");
  if (state_ == State::kStarting) return fail(Code::kUnavailable, "{}", why_not_);
  const std::size_t most = options_.queue_capacity + 1;  // those that wait, and the one that runs
  if (waiting_ >= most) return fail(Code::kResourceExhausted, "the slice's queue is full; try again later");
  frame.request = ++last_request_;
  TRY(channel_.send(encode(frame)));
  running_.emplace(frame.request, std::move(running));
  if (waiting_++ == 0) heard_ = Clock::now();
  return {};
}

}  // namespace chengying::runtime
