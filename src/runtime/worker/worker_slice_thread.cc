// What the slice's own thread does: starts the worker, reads it, ends it, starts the next.
#include <fmt/chrono.h>

#include <algorithm>
#include <utility>

#include "runtime/slice.h"
#include "runtime/worker/worker_slice.h"

namespace chengying::runtime {

using namespace worker;

namespace {
constexpr std::chrono::milliseconds kShortestTick{5}, kLongestTick{500}, kFirstBackoff{20};
}

void WorkerSlice::supervise() {
  for (bool first = true;; first = false) {
    const Clock::time_point begin = first ? Clock::now() : ended_;
    const Status started = start_worker();
    if (started)
      tell(WorkerEvent::Kind::kServes, "", std::chrono::duration<double>(Clock::now() - begin).count());
    if (first && started) first_start_.set_value({});
    const std::string killed_for = started ? read_worker() : started.error().message;
    // It is gone before its requests are: nobody writes to their memory any more.
    const bool ran = process_.pid() != 0;
    const std::string how = process_.end();
    const std::string why = killed_for.empty() ? how
                            : ran              ? fmt::format("{}: {}", how, killed_for)
                                               : killed_for;
    ended_ = Clock::now();
    if (first && !started) {
      first_start_.set_value(
          fail(Code::kUnavailable, "the worker of chip {} can't be started ({})", name_, why));
      return;
    }
    end_requests(why);
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::kClosing) return;
    }
    tell(started ? WorkerEvent::Kind::kEnded : WorkerEvent::Kind::kFailed, why);
    if (!wait_before_start()) return;
  }
}

Status WorkerSlice::start_worker() {
  TRY_ASSIGN(auto ends, Channel::pair());
  auto& [ours, theirs] = ends;
  TRY_ASSIGN(process_, Process::start(workers_.binary, workers_.arguments, theirs));
  theirs = Channel();  // it has the only one, so that its end is seen here
  TRY(open_on(ours));
  std::map<LoadedId, std::shared_ptr<const Loaded>> again;
  {
    const std::lock_guard lock(mutex_);
    again = loaded_;
  }
  std::vector<LoadedId> ids;
  for (const auto& [id, loaded] : again) {
    TRY(load_on(ours, id, *loaded));
    ids.push_back(id);
  }
  begin_serving(std::move(ours), ids);
  return {};
}

Status WorkerSlice::open_on(Channel& channel) {
  OpenFrame frame;
  frame.chip = chip_;
  frame.cores = cores_;
  frame.fence = fence_;
  frame.queue_capacity = options_.queue_capacity + 1;
  frame.shared_bytes = memory_->bytes();
  frame.threads = threads_for(cores_, options_);
  frame.batch_delay_us = options_.batch_delay.count();
  frame.nice = place_.nice;
  frame.host_cores = place_.cores;
  TRY(channel.send(encode(frame), memory_->fd()));
  TRY_ASSIGN(const Packet packet, receive_in(channel, workers_.start_limit));
  TRY(decode<OpenedFrame>(packet.bytes));
  return {};
}

Status WorkerSlice::load_on(Channel& channel, LoadedId id, const Loaded& loaded) {
  TRY(channel.send(encode(LoadFrame{id.value, loaded.digest}), loaded.file.fd()));
  TRY_ASSIGN(const Packet packet, receive_in(channel, workers_.load_limit));
  TRY_ASSIGN(const LoadedFrame frame, decode<LoadedFrame>(packet.bytes));
  if (frame.id != id.value)
    return fail(Code::kDataLoss, "it loaded executable {}, not {}", frame.id, id.value);
  return frame.status;
}

/// Looks now and then whether the slice is being closed.
Result<Packet> WorkerSlice::receive_in(Channel& channel, std::chrono::milliseconds limit) {
  const Clock::time_point until = Clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return fail(Code::kDeadlineExceeded, "it was not ready in {}", limit);
    auto packet = channel.receive(std::min(left, kLongestTick));
    if (packet || packet.error().code != Code::kDeadlineExceeded) return packet;
    const std::lock_guard lock(mutex_);
    if (state_ == State::kClosing) return fail(Code::kUnavailable, "the slice is closed");
  }
}

void WorkerSlice::begin_serving(Channel channel, const std::vector<LoadedId>& ids) {
  {
    const std::lock_guard lock(mutex_);
    for (const LoadedId id : ids)
      if (!loaded_.contains(id)) channel.send(encode(UnloadFrame{id.value}));  // meanwhile unloaded
    if (state_ == State::kClosing) channel.send(encode(CloseFrame{}));
    channel_ = std::move(channel);
    if (state_ == State::kStarting) state_ = State::kServing;
    why_end_.clear();
  }
  changed_.notify_all();
}

std::string WorkerSlice::read_worker() {
  const auto tick = std::clamp(workers_.answer_limit / 4, kShortestTick, kLongestTick);
  for (;;) {
    const auto packet = channel_.receive(tick);
    if (packet) {
      if (const Status taken = take(*packet); !taken) return taken.error().message;
    } else if (packet.error().code == Code::kDeadlineExceeded) {
      if (std::string late = overdue(); !late.empty()) return late;
    } else {
      return packet.error().code == Code::kUnavailable ? "" : packet.error().message;
    }
  }
}

Status WorkerSlice::take(const Packet& packet) {
  TRY_ASSIGN(const Kind kind, kind_of(packet.bytes));
  if (kind == Kind::kDone) {
    TRY_ASSIGN(DoneFrame frame, decode<DoneFrame>(packet.bytes));
    return take_answer(std::move(frame));
  }
  TRY_ASSIGN(LoadedFrame frame, decode<LoadedFrame>(packet.bytes));
  return take_loaded(std::move(frame));
}

Status WorkerSlice::take_answer(DoneFrame frame) {
  Running running;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(frame.request);
    if (found == running_.end())
      return fail(Code::kDataLoss, "it answered request {}, which there is not", frame.request);
    running = std::move(found->second);
    running_.erase(found);
    heard_ = Clock::now();
  }
  failures_ = 0;
  RunDone done{std::move(running.outputs), frame.cost};
  if (frame.status) {
    for (std::size_t i = 0; i < running.parts.size(); ++i)
      std::ranges::copy(*memory_->at(running.parts[i]), running.answers[i].begin());
  } else {
    done.outputs = std::unexpected(std::move(frame.status).error());
  }
  memory_->give_back(running.memory);
  running.done(std::move(done));
  const std::lock_guard lock(mutex_);
  --waiting_;
  return {};
}

Status WorkerSlice::take_loaded(LoadedFrame frame) {
  const LoadedId id{frame.id};
  std::promise<Result<Status>> verdict;
  {
    const std::lock_guard lock(mutex_);
    const auto found = loading_.find(id);
    if (found == loading_.end())
      return fail(Code::kDataLoss, "it loaded executable {}, which nobody sent", frame.id);
    if (frame.status) loaded_.emplace(id, found->second.what);
    verdict = std::move(found->second.verdict);
    loading_.erase(found);
  }
  verdict.set_value(std::move(frame.status));
  return {};
}

/// Why it has to be ended, if it has.
std::string WorkerSlice::overdue() {
  const std::lock_guard lock(mutex_);
  if (!why_end_.empty()) return why_end_;
  const bool has_work = waiting_ > 0 || state_ == State::kClosing;
  if (!has_work || Clock::now() - heard_ <= workers_.answer_limit) return "";
  return fmt::format("gave no answer for {}", workers_.answer_limit);
}

void WorkerSlice::end_requests(const std::string& why) {
  std::map<std::uint64_t, Running> running;
  std::map<LoadedId, Loading> loading;
  bool closing = false;
  const std::string ended = fmt::format("the worker of chip {} ended ({})", name_, why);
  {
    const std::lock_guard lock(mutex_);
    closing = state_ == State::kClosing;
    if (!closing) state_ = State::kStarting;
    why_not_ = ended + " and is being started again: try again";
    channel_ = Channel();
    running.swap(running_);
    loading.swap(loading_);
  }
  const Error error{Code::kUnavailable,
                    closing ? "the slice was closed before the request ran" : ended + " before the answer"};
  for (auto& [id, each] : running) {
    memory_->give_back(each.memory);
    each.done({std::unexpected(error), {}});
  }
  for (auto& [id, each] : loading) each.verdict.set_value(std::unexpected(error));
  const std::lock_guard lock(mutex_);
  waiting_ -= running.size();
}

/// The first time at once; then longer and longer while no worker answers anything. false: it is closed.
bool WorkerSlice::wait_before_start() {
  constexpr int kDoublings = 20;
  const auto delay = failures_ == 0 ? std::chrono::milliseconds(0)
                                    : std::min(workers_.backoff_most,
                                               kFirstBackoff * (1 << std::min(failures_ - 1, kDoublings)));
  ++failures_;
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, delay, [this] { return state_ == State::kClosing; });
}

void WorkerSlice::tell(WorkerEvent::Kind kind, std::string what, double seconds) {
  if (workers_.on_event) workers_.on_event({kind, name_, std::move(what), process_.pid(), seconds});
}

}  // namespace chengying::runtime
