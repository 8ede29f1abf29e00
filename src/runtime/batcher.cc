#include "runtime/batcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chengying::runtime {

Batcher::Pushed Batcher::try_push(Work&& work, std::int32_t group_limit) {
  const Time now = std::chrono::steady_clock::now();
  const Time half_way = now + std::max(work.deadline - now, Time::duration::zero()) / 2;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Pushed::kClosed;
    if (requests_.size() >= capacity_) return Pushed::kFull;
    requests_.push_back({std::move(work), group_limit, std::min(now + delay_, half_way)});
  }
  changed_.notify_one();
  return Pushed::kQueued;
}

std::vector<Work> Batcher::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !requests_.empty(); });
  while (!closed_) {
    const Group group = group_locked();
    if (group.full || std::chrono::steady_clock::now() >= group.leave_at) return take_locked(group);
    changed_.wait_until(lock, group.leave_at);
  }
  return {};
}

void Batcher::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

std::vector<Work> Batcher::drain() {
  const std::lock_guard lock(mutex_);
  std::vector<Work> rest;
  for (Request& request : requests_) rest.push_back(std::move(request.work));
  requests_.clear();
  return rest;
}

/// The group as it stands: full when nothing that may come could join it.
Batcher::Group Batcher::group_locked() const {
  const Request& oldest = requests_.front();
  const std::int32_t limit = delay_.count() > 0 ? oldest.group_limit : 0;
  Group group{{0}, oldest.leave_at, oldest.work.batch >= limit};
  std::int32_t samples = oldest.work.batch;
  for (std::size_t i = 1; i < requests_.size() && !group.full; ++i) {
    const Request& request = requests_[i];
    if (request.work.loaded != oldest.work.loaded) continue;
    if (request.work.batch > limit - samples) {  // taking later ones past it would be unfair
      group.full = true;
      break;
    }
    group.members.push_back(i);
    group.leave_at = std::min(group.leave_at, request.leave_at);
    samples += request.work.batch;
    group.full = samples == limit;
  }
  return group;
}

std::vector<Work> Batcher::take_locked(const Group& group) {
  std::vector<Work> works;
  for (const std::size_t i : group.members) works.push_back(std::move(requests_[i].work));
  for (auto member = group.members.rbegin(); member != group.members.rend(); ++member)
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(*member));
  return works;
}

}  // namespace chengying::runtime
