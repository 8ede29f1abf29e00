#include "cloud/faulty_device.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>
#include <vector>

namespace chengying::cloud {

namespace {
constexpr std::array<std::string_view, 5> kFaults{"none", "stuck", "wrong", "slow", "gone"};
constexpr std::chrono::milliseconds kSlowBy{300};

class FaultyDevice final : public runtime::Device {
 public:
  FaultyDevice(std::unique_ptr<runtime::Device> inner, std::string chip, std::shared_ptr<const Faults> faults)
      : inner_(std::move(inner)), chip_(std::move(chip)), faults_(std::move(faults)) {}

  const isa::ChipSpec& spec() const override { return inner_->spec(); }
  std::uint16_t free_cores() const override { return inner_->free_cores(); }

  Result<runtime::SliceId> open_slice(std::uint16_t cores, std::int64_t fence) override {
    if (faults_->of(chip_) == Fault::kGone) return gone();
    return inner_->open_slice(cores, fence);
  }

  void close_slice(runtime::SliceId slice) override {
    std::vector<runtime::Completion> stuck;
    {
      const std::lock_guard lock(mutex_);
      stuck = std::move(stuck_[slice]);
      stuck_.erase(slice);
    }
    for (const runtime::Completion& done : stuck)
      done({fail(Code::kUnavailable, "the chip was taken away"), {}});
    inner_->close_slice(slice);
  }

  Result<runtime::LoadedId> load(runtime::SliceId slice, std::shared_ptr<const isa::Executable> executable,
                                 const std::filesystem::path& file) override {
    if (faults_->of(chip_) == Fault::kGone) return gone();
    return inner_->load(slice, std::move(executable), file);
  }
  void unload(runtime::SliceId slice, runtime::LoadedId loaded) override { inner_->unload(slice, loaded); }

  Status submit(runtime::SliceId slice, runtime::Work work) override {
    switch (faults_->of(chip_)) {
      case Fault::kNone:
        break;
      case Fault::kGone:
        return gone();
      case Fault::kStuck: {
        const std::lock_guard lock(mutex_);
        stuck_[slice].push_back(std::move(work.done));
        return {};
      }
      case Fault::kWrong:
        work.done = [done = std::move(work.done)](runtime::RunDone run) {
          if (run.outputs) {
            for (Tensor& output : *run.outputs) {
              if (!output.bytes().empty()) output.bytes()[0] ^= std::byte{1};
            }
          }
          done(std::move(run));
        };
        break;
      case Fault::kSlow:
        work.done = [done = std::move(work.done)](runtime::RunDone run) {
          std::this_thread::sleep_for(kSlowBy);  // the slice's own thread: this is what a slow chip is
          run.cost.clock_ns += static_cast<std::uint64_t>(std::chrono::nanoseconds(kSlowBy).count());
          done(std::move(run));
        };
        break;
    }
    return inner_->submit(slice, std::move(work));
  }

 private:
  std::unexpected<Error> gone() const { return fail(Code::kUnavailable, "chip {} does not answer", chip_); }

  const std::unique_ptr<runtime::Device> inner_;
  const std::string chip_;
  const std::shared_ptr<const Faults> faults_;  // shared: with who injects them
  std::mutex mutex_;
  std::map<runtime::SliceId, std::vector<runtime::Completion>> stuck_;
};
}  // namespace

std::string_view name_of(Fault fault) {
  return kFaults.at(static_cast<std::size_t>(fault));
}

Result<Fault> parse_fault(std::string_view name) {
  const auto* found = std::ranges::find(kFaults, name);
  if (found != kFaults.end()) return static_cast<Fault>(found - kFaults.begin());
  return fail(Code::kInvalidArgument, "fault \"{}\" is none of none, stuck, wrong, slow, gone",
              name.substr(0, 40));
}

void Faults::set(const std::string& chip, Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_[chip] = fault;
}

Fault Faults::of(const std::string& chip) const {
  const std::lock_guard lock(mutex_);
  const auto it = faults_.find(chip);
  return it == faults_.end() ? Fault::kNone : it->second;
}

std::unique_ptr<runtime::Device> make_faulty_device(std::unique_ptr<runtime::Device> inner, std::string chip,
                                                    std::shared_ptr<const Faults> faults) {
  return std::make_unique<FaultyDevice>(std::move(inner), std::move(chip), std::move(faults));
}

}  // namespace chengying::cloud
