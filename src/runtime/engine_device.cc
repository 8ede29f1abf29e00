// A Device over chip::Engine: counts cores, names slices and what is loaded on them.
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "runtime/device.h"
#include "runtime/slice.h"

namespace chengying::runtime {
namespace {

class EngineDevice final : public Device {
 public:
  EngineDevice(isa::ChipSpec chip, const DeviceOptions& options)
      : chip_(std::move(chip)), options_(options) {}

  const isa::ChipSpec& spec() const override { return chip_; }

  std::uint16_t free_cores() const override {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint16_t>(chip_.cores - used_cores_);
  }

  Result<SliceId> open_slice(std::uint16_t cores) override {
    if (cores < 1 || cores > chip_.cores)
      return fail(Code::kInvalidArgument, "a slice of {} has 1 to {} cores, not {}", chip_.name, chip_.cores,
                  cores);
    const std::lock_guard lock(mutex_);
    if (cores > chip_.cores - used_cores_)
      return fail(Code::kResourceExhausted, "{} has {} free cores of {}, not {}", chip_.name,
                  chip_.cores - used_cores_, chip_.cores, cores);
    const SliceId id{++last_id_};
    slices_.emplace(id, std::make_shared<Slice>(chip_, cores, options_));
    used_cores_ += cores;
    return id;
  }

  void close_slice(SliceId slice) override {
    std::shared_ptr<Slice> closing;
    {
      const std::lock_guard lock(mutex_);
      const auto found = slices_.find(slice);
      if (found == slices_.end()) return;
      closing = std::move(found->second);
      slices_.erase(found);
    }
    closing->close();  // waits for running work, so without the lock; its cores are free only after that
    const std::lock_guard lock(mutex_);
    used_cores_ -= closing->cores();
  }

  Result<LoadedId> load(SliceId slice, std::shared_ptr<const isa::Executable> executable) override {
    TRY_ASSIGN(const auto found, find(slice));
    for (const isa::Program& program : executable->programs) {
      if (program.arguments.empty() && program.state_bytes == 0) continue;
      return fail(Code::kUnsupported,
                  "the executable takes arguments or keeps state from run to run; a device serves requests "
                  "that carry neither");
    }
    const LoadedId id{++last_id_};
    TRY(found->load(id, std::move(executable)));
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
  Result<std::shared_ptr<Slice>> find(SliceId slice) const {
    const std::lock_guard lock(mutex_);
    const auto found = slices_.find(slice);
    if (found == slices_.end()) return fail(Code::kNotFound, "no such slice");
    return found->second;
  }

  const isa::ChipSpec chip_;
  const DeviceOptions options_;
  mutable std::mutex mutex_;  // of the members below
  std::map<SliceId, std::shared_ptr<Slice>>
      slices_;  // shared: a call in progress outlives the closing of its slice
  std::int64_t used_cores_ = 0;
  std::atomic<std::uint64_t> last_id_{0};
};

}  // namespace

std::unique_ptr<Device> make_engine_device(isa::ChipSpec chip, const DeviceOptions& options) {
  return std::make_unique<EngineDevice>(std::move(chip), options);
}

}  // namespace chengying::runtime
