// Serving: an endpoint in memory, and Endpoints: all of them by tenant and name. What a request needs,
// without a read of the store. A Serving never changes but for its count of requests; a change puts another
// in its place. Invariant: a Lock on a Serving keeps its executable loaded; who takes it away waits for
// `in_flight` 0. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/cloud.h"
#include "isa/program.h"
#include "runtime/cost.h"
#include "runtime/device.h"

namespace chengying::cloud {

/// Where an endpoint's executable is loaded: one of each chip of its lease.
struct Target {
  runtime::Device* device = nullptr;
  runtime::SliceId slice;
  runtime::LoadedId loaded;
};

/// Where and at which price an endpoint runs; set once it is ready.
struct Placement {
  std::shared_ptr<const isa::Executable> executable;
  runtime::CostTable costs;
  std::vector<Target> targets;  // at least one; requests take them in turn
  std::uint64_t clock_hz = 0;
  std::int64_t fence = 0;  // of the lease's grant; 0 on a pool
};

struct Serving {
  std::shared_ptr<const Endpoint> endpoint;
  std::int64_t work_price = 0, price_book_version = 0;
  std::optional<Placement> placement;
  mutable std::atomic<std::int64_t> in_flight{0};
  mutable std::atomic<std::uint64_t> turn{0};

  const Target& next_target() const { return placement->targets[turn++ % placement->targets.size()]; }
  void unload() const {
    for (const Target& target : placement->targets) target.device->unload(target.slice, target.loaded);
  }
};

/// Counts a request on a Serving for as long as it lives.
class ServingLock {
 public:
  ServingLock() = default;
  explicit ServingLock(std::shared_ptr<const Serving> serving) : serving_(std::move(serving)) {
    ++serving_->in_flight;
  }
  ServingLock(ServingLock&&) noexcept = default;
  ServingLock& operator=(ServingLock&&) = delete;
  ~ServingLock() {
    if (serving_) --serving_->in_flight;
  }
  const Serving& operator*() const { return *serving_; }
  const Serving* operator->() const { return serving_.get(); }

 private:
  std::shared_ptr<const Serving> serving_;  // shared: the registry may drop its own while requests run
};

class Endpoints {
 public:
  void put(std::shared_ptr<const Serving> serving);
  /// Puts `next` (nullptr: nothing) where `expected` still is; false, and no change, if it is not there any
  /// more.
  bool replace(const Serving& expected, std::shared_ptr<const Serving> next);
  std::shared_ptr<const Serving> find(std::string_view tenant, std::string_view name) const;
  /// Counted before anybody can have taken it away. kNotFound, or kUnavailable if it is not ready: says why.
  Result<ServingLock> lock(std::string_view tenant, std::string_view name) const;
  std::vector<std::shared_ptr<const Serving>> all() const;

 private:
  using Names = std::map<std::string, std::shared_ptr<const Serving>, std::less<>>;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Names, std::less<>> tenants_;
};

}  // namespace chengying::cloud
