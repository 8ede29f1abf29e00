// A neighbour floods its slice of the same chip: the victim's answers are the same bytes, and come about as
// fast as alone where it has host cores of its own, and within its share where it has none. Times are printed
// always, and held to their bounds only with CHENGYING_DRILL_QUIET=1: on a machine that does nothing else.
// CHENGYING_DRILL_EXECUTABLE: what both run, for slices of one core, instead of a small model.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <random>
#include <thread>

#include "chip/tiny_model_for_test.h"
#include "runtime/run.h"
#include "runtime/worker/worker_device.h"

namespace chengying::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kFlood = 32;  // requests that the neighbour always has waiting

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

struct Times {
  double median_ms = 0, p99_ms = 0;
  std::size_t count = 0;
};
Times times_of(std::vector<double> ms) {
  std::ranges::sort(ms);
  const auto at = [&](double share) {
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  return {at(0.5), at(0.99), ms.size()};
}

/// A chip of which two slices of one core are rented, by a victim and a neighbour.
class Neighbours {
 public:
  explicit Neighbours(const std::shared_ptr<HostCores>& cores) {
    isa::ChipSpec chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/host.toml").value();
    if (const char* file = std::getenv("CHENGYING_DRILL_EXECUTABLE"); file != nullptr) {
      executable_ = std::make_shared<const isa::Executable>(isa::load_executable(file).value());
    } else {
      executable_ = chip::tiny::make_executable(chip::tiny::make_model(3), chip, 1, {256});
    }
    WorkerOptions workers;
    workers.binary = CHENGYING_BINARY;
    workers.host_cores = cores;
    device_ = make_worker_device(chip, {}, workers);
    victim_ = device_->open_slice(1).value();
    neighbour_ = device_->open_slice(1).value();
    loaded_[0] = device_->load(victim_, executable_).value();
    loaded_[1] = device_->load(neighbour_, executable_).value();
    batch_ = executable_->programs.front().batch;
  }

  /// The victim's requests, one after another, for a while; counts those that were answered otherwise than
  /// alone.
  Times ask(std::chrono::milliseconds length) {
    std::vector<double> ms;
    const Clock::time_point end = Clock::now() + length;
    for (std::uint32_t seed = 0; Clock::now() < end || ms.size() < 100; seed = (seed + 1) % kSeeds) {
      const std::vector<Tensor> inputs = inputs_of(seed);
      std::promise<RunDone> promise;
      const Clock::time_point begin = Clock::now();
      const Status sent = device_->submit(
          victim_, work(loaded_[0], inputs, [&](RunDone done) { promise.set_value(std::move(done)); }));
      EXPECT_TRUE(sent.has_value());
      const RunDone done = promise.get_future().get();
      ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
      remember(seed, done);
    }
    return times_of(std::move(ms));
  }

  void start_flood() {
    flooding_ = true;
    for (int i = 0; i < kFlood; ++i) send_flood();
  }
  std::uint64_t stop_flood() {
    flooding_ = false;
    while (flood_open_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return flooded_;
  }
  int changed() const { return changed_; }

 private:
  static constexpr std::uint32_t kSeeds = 5;

  std::vector<Tensor> inputs_of(std::uint32_t seed) const {
    std::vector<Tensor> inputs;
    std::mt19937 random(seed);
    for (const isa::Binding& binding : executable_->programs.front().inputs) {
      Tensor input(binding.dtype, binding.shape);
      if (binding.dtype == DType::kF32)
        for (float& x : input.as<float>()) x = static_cast<float>(random() % 2000) / 1000.0F - 1.0F;
      inputs.push_back(std::move(input));
    }
    return inputs;
  }
  Work work(LoadedId loaded, std::vector<Tensor> inputs, Completion done) const {
    return {.loaded = loaded, .batch = batch_, .inputs = std::move(inputs), .done = std::move(done)};
  }
  void remember(std::uint32_t seed, const RunDone& done) {
    ASSERT_TRUE(done.outputs.has_value()) << done.outputs.error().message;
    std::vector<std::byte> bytes;
    for (const Tensor& output : *done.outputs)
      bytes.insert(bytes.end(), output.bytes().begin(), output.bytes().end());
    if (known_.size() <= seed) {
      known_.push_back(std::move(bytes));
    } else if (known_[seed] != bytes) {
      ++changed_;
    }
  }
  /// Each answer brings the next request.
  void send_flood() {
    ++flood_open_;
    const Status sent = device_->submit(neighbour_, work(loaded_[1], inputs_of(99), [this](RunDone) {
                                          ++flooded_;
                                          if (flooding_) send_flood();
                                          --flood_open_;
                                        }));
    if (!sent) --flood_open_;
  }

  std::shared_ptr<const isa::Executable> executable_;
  std::unique_ptr<Device> device_;
  SliceId victim_, neighbour_;
  LoadedId loaded_[2];
  std::int32_t batch_ = 1;
  std::vector<std::vector<std::byte>> known_;
  int changed_ = 0;
  std::atomic<bool> flooding_{false};
  std::atomic<int> flood_open_{0};
  std::atomic<std::uint64_t> flooded_{0};
};

struct Ratios {
  double median = 0, p99 = 0;
};
Ratios flood(const char* name, const std::shared_ptr<HostCores>& cores) {
  const std::chrono::milliseconds length(is_set("CHENGYING_DRILL_QUIET") ? 20'000 : 500);
  Neighbours neighbours(cores);
  neighbours.ask(length / 10);
  const Times alone = neighbours.ask(length);
  neighbours.start_flood();
  const Times beside = neighbours.ask(length);
  const std::uint64_t flooded = neighbours.stop_flood();
  EXPECT_EQ(neighbours.changed(), 0) << "answers that were not those that came alone";
  EXPECT_GT(flooded, 0);
  const Ratios ratios{beside.median_ms / alone.median_ms, beside.p99_ms / alone.p99_ms};
  fmt::print(
      "{}: alone median {:.3f} ms, p99 {:.3f} ms ({} requests); beside a flood of {} requests median {:.3f} "
      "ms, "
      "p99 {:.3f} ms ({}): ratio of medians {:.2f}, of p99 {:.2f}; answers that changed {}\n",
      name, alone.median_ms, alone.p99_ms, alone.count, flooded, beside.median_ms, beside.p99_ms,
      beside.count, ratios.median, ratios.p99, neighbours.changed());
  return ratios;
}

TEST(Neighbour, AFloodIsNotNoticedWithHostCoresOfOnesOwn) {
  const auto cores = std::make_shared<HostCores>();
  if (cores->count() < 2) GTEST_SKIP() << "this machine has one core";
  const Ratios ratios = flood("own host core", cores);
  if (is_set("CHENGYING_DRILL_QUIET")) {
    EXPECT_LE(ratios.p99, 1.1);
  }
}

TEST(Neighbour, AFloodLeavesTheShareThatASliceHas) {
  const Ratios ratios =
      flood("a host core shared by two", std::make_shared<HostCores>(std::set<std::uint32_t>{0}));
  // Half of the time: twice as long, and the scheduler's turns on top.
  if (is_set("CHENGYING_DRILL_QUIET")) {
    EXPECT_LE(ratios.median, 2.2);
  }
}

}  // namespace
}  // namespace chengying::runtime
