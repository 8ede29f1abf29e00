#include "runtime/slice.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "runtime/run.h"

namespace chengying::runtime {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::int32_t group_limit_of(const isa::Executable& executable) {
  if (!can_split_batches(executable)) return 0;
  return std::ranges::max(executable.programs, {}, &isa::Program::batch).batch;
}

void end_with(const Work& work, Error error) {
  work.done({std::unexpected(std::move(error)), {}});
}

}  // namespace

unsigned threads_for(std::uint16_t cores, const DeviceOptions& options) {
  if (options.threads_per_slice > 0) return options.threads_per_slice;
  return std::min<unsigned>(cores, std::max(1U, std::thread::hardware_concurrency()));
}

Slice::Slice(const isa::ChipSpec& chip, std::uint16_t cores, std::int64_t fence, const DeviceOptions& options)
    : chip_(chip),
      cores_(cores),
      fence_(fence),
      threads_(threads_for(cores, options)),
      batcher_(options.queue_capacity, options.batch_delay),
      thread_([this] { serve(); }) {}

Slice::~Slice() {
  close();
}

Status Slice::load(LoadedId id, std::shared_ptr<const isa::Executable> executable,
                   const std::filesystem::path&) {
  // Outside of the lock: this takes a while, and the slice serves others meanwhile. The engine verifies
  // first, because the timing walk is defined for verified programs only.
  auto loaded = std::make_shared<Loaded>(chip_, cores_, threads_);
  TRY(loaded->engine.load(executable));
  loaded->costs = CostTable(*executable, chip_);
  loaded->group_limit = group_limit_of(*executable);
  loaded->executable = std::move(executable);
  const std::lock_guard lock(mutex_);
  loaded_.emplace(id, std::move(loaded));
  return {};
}

void Slice::unload(LoadedId id) {
  std::shared_ptr<Loaded> gone;  // freed outside of the lock
  const std::lock_guard lock(mutex_);
  if (const auto found = loaded_.find(id); found != loaded_.end()) {
    gone = std::move(found->second);
    loaded_.erase(found);
  }
}

Status Slice::submit(Work work) {
  const std::shared_ptr<Loaded> loaded = find(work.loaded);
  if (loaded == nullptr) return fail(Code::kNotFound, "no such executable is loaded on this slice");
  TRY(check_fence(work, fence_));
  TRY(check_request(*loaded->executable, work));
  switch (batcher_.try_push(std::move(work), loaded->group_limit)) {
    case Batcher::Pushed::kQueued:
      return {};
    case Batcher::Pushed::kFull:
      return fail(Code::kResourceExhausted, "the slice's queue is full; try again later");
    case Batcher::Pushed::kClosed:
      break;
  }
  return fail(Code::kUnavailable, "the slice is closed");
}

void Slice::close() {
  std::call_once(closed_, [this] {
    CHECK(std::this_thread::get_id() != thread_.get_id());
    batcher_.close();
    thread_.join();
  });
}

std::shared_ptr<Slice::Loaded> Slice::find(LoadedId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = loaded_.find(id);
  return found == loaded_.end() ? nullptr : found->second;
}

void Slice::serve() {
  for (std::vector<Work> group = batcher_.pop(); !group.empty(); group = batcher_.pop())
    run_group(std::move(group));
  for (Work& work : batcher_.drain())
    end_with(work, {Code::kUnavailable, "the slice was closed before the request ran"});
}

void Slice::run_group(std::vector<Work> group) {
  const SteadyClock::time_point now = SteadyClock::now();
  std::erase_if(group, [&](const Work& work) {
    const bool late = work.deadline <= now;
    if (late) end_with(work, {Code::kDeadlineExceeded, "the deadline passed before the request ran"});
    return late;
  });
  if (group.empty()) return;

  if (const std::shared_ptr<Loaded> loaded = find(group.front().loaded)) return run_live(*loaded, group);
  for (Work& work : group)
    end_with(work, {Code::kUnavailable, "the executable was unloaded before the request ran"});
}

void Slice::run_live(Loaded& loaded, std::vector<Work>& group) {
  std::vector<Part> parts;
  std::vector<std::vector<Tensor>> outputs(group.size());  // of those that did not bring their own
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Work& work = group[i];
    if (!work.buffers) outputs[i] = make_outputs(*loaded.executable, work.batch);
    parts.push_back({work.batch, work.buffers ? *work.buffers : buffers_of(work.inputs, outputs[i])});
  }
  const SteadyClock::time_point start = SteadyClock::now();
  // A program with arguments is never one that runs several requests together.
  const Status status =
      run_parts(loaded.engine, *loaded.executable, parts, {.arguments = group.front().arguments});
  const auto clock_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - start).count();
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!status) {
      end_with(group[i], status.error());
      continue;
    }
    // submit saw that there is a plan, and that the arguments are the program's
    RunCost cost = *loaded.costs.cost_of(group[i].batch, group[i].arguments);
    cost.clock_ns = static_cast<std::uint64_t>(clock_ns);
    group[i].done({std::move(outputs[i]), cost});
  }
}

}  // namespace chengying::runtime
