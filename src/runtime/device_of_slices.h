// DeviceOfSlices: counts a chip's cores, names its slices and what is loaded on them. What a slice is, its
// maker says: a thread of this process, or a process of its own. Thread-safe, as Device is.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "runtime/device.h"

namespace chengying::runtime {

/// `Slice` has load, unload, submit and close, as runtime::Slice has.
template <class Slice>
class DeviceOfSlices final : public Device {
 public:
  using Device::load;
  using Device::open_slice;
  using Open = std::function<Result<std::shared_ptr<Slice>>(const isa::ChipSpec&, std::uint16_t cores,
                                                            std::int64_t fence)>;

  DeviceOfSlices(isa::ChipSpec chip, Open open) : chip_(std::move(chip)), open_(std::move(open)) {}

  const isa::ChipSpec& spec() const override { return chip_; }

  std::uint16_t free_cores() const override {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint16_t>(chip_.cores - used_cores_);
  }

  Result<SliceId> open_slice(std::uint16_t cores, std::int64_t fence) override {
    TRY(take_cores(cores));
    auto opened = open_(chip_, cores, fence);  // may take a while: without the lock
    const std::lock_guard lock(mutex_);
    if (!opened) {
      used_cores_ -= cores;
      return std::unexpected<Error>(std::move(opened).error());
    }
    const SliceId id{++last_id_};
    slices_.emplace(id, Opened{*std::move(opened), cores});
    return id;
  }

  void close_slice(SliceId slice) override {
    Opened closing;
    {
      const std::lock_guard lock(mutex_);
      const auto found = slices_.find(slice);
      if (found == slices_.end()) return;
      closing = std::move(found->second);
      slices_.erase(found);
    }
    closing.slice
        ->close();  // waits for running work, so without the lock; its cores are free only after that
    const std::lock_guard lock(mutex_);
    used_cores_ -= closing.cores;
  }

  Result<LoadedId> load(SliceId slice, std::shared_ptr<const isa::Executable> executable,
                        const std::filesystem::path& file) override {
    TRY_ASSIGN(const auto found, find(slice));
    TRY(check_servable(*executable));
    const LoadedId id{++last_id_};
    TRY(found->load(id, std::move(executable), file));
    return id;
  }

  void unload(SliceId slice, LoadedId loaded) override {
    if (const auto found = find(slice)) (*found)->unload(loaded);
  }

  Status submit(SliceId slice, Work work) override {
    TRY_ASSIGN(const auto found, find(slice));
    return found->submit(std::move(work));
  }

 private:
  /// Requests of many callers come in any order, and again: what a run left behind may not change an answer.
  static Status check_servable(const isa::Executable& executable) {
    for (const isa::Program& program : executable.programs) {
      if (program.state_bytes != 0)
        return fail(Code::kUnsupported,
                    "the executable keeps state from run to run; a device serves requests that stand alone");
      if (program.arguments != executable.programs.front().arguments)
        return fail(Code::kInvalidArgument,
                    "the programs for batches {} and {} have different arguments: a request has the same "
                    "for each",
                    executable.programs.front().batch, program.batch);
    }
    return {};
  }

  struct Opened {
    std::shared_ptr<Slice> slice;  // shared: a call in progress outlives the closing of its slice
    std::uint16_t cores = 0;
  };

  Status take_cores(std::uint16_t cores) {
    if (cores < 1 || cores > chip_.cores)
      return fail(Code::kInvalidArgument, "a slice of {} has 1 to {} cores, not {}", chip_.name, chip_.cores,
                  cores);
    const std::lock_guard lock(mutex_);
    if (cores > chip_.cores - used_cores_)
      return fail(Code::kResourceExhausted, "{} has {} free cores of {}, not {}", chip_.name,
                  chip_.cores - used_cores_, chip_.cores, cores);
    used_cores_ += cores;
    return {};
  }

  Result<std::shared_ptr<Slice>> find(SliceId slice) const {
    const std::lock_guard lock(mutex_);
    const auto found = slices_.find(slice);
    if (found == slices_.end()) return fail(Code::kNotFound, "no such slice");
    return found->second.slice;
  }

  const isa::ChipSpec chip_;
  const Open open_;
  mutable std::mutex mutex_;  // of the members below
  std::map<SliceId, Opened> slices_;
  std::int64_t used_cores_ = 0;
  std::atomic<std::uint64_t> last_id_{0};
};

}  // namespace chengying::runtime
