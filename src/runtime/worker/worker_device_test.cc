// What a worker may do, and what its service makes of it. The ways stand in bad_worker.cc.
#include "runtime/worker/worker_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <utility>

#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "chip/tiny_model_for_test.h"

namespace chengying::runtime {
namespace {

using namespace std::chrono_literals;
using chip::tiny::host;
using chip::tiny::make_executable;
using chip::tiny::make_input;
using chip::tiny::make_model;
using chip::tiny::Model;
using testing::HasSubstr;

/// A slice on a worker of one way, with an executable and the bytes that it should answer with.
class WorkerDevice : public testing::Test {
 protected:
  WorkerDevice() {
    options_.binary = CHENGYING_BAD_WORKER;
    options_.shared_bytes = 4 << 20;
    options_.start_limit = 10s;
    options_.answer_limit = 10s;
    options_.backoff_most = 100ms;
    options_.on_event = [this](const WorkerEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
    };
  }
  void TearDown() override {
    device_.reset();
    std::filesystem::remove(file_);
  }

  Status open(const std::string& way) {
    options_.arguments = {way, file_.string()};
    device_ = make_worker_device(chip_, {.name = "host.3"}, options_);
    TRY_ASSIGN(slice_, device_->open_slice(1));
    return {};
  }
  Status load() {
    TRY_ASSIGN(loaded_, device_->load(slice_, executable_));
    return {};
  }
  std::future<RunDone> ask(std::uint32_t seed = 1) {
    const auto promise = std::make_shared<std::promise<RunDone>>();
    auto answer = promise->get_future();
    Work work{.loaded = loaded_, .inputs = {}, .done = [promise](RunDone done) {
                promise->set_value(std::move(done));
              }};
    work.inputs.push_back(make_input(model_, 1, seed));
    if (const Status sent = device_->submit(slice_, std::move(work)); !sent)
      promise->set_value({std::unexpected(sent.error()), {}});
    return answer;
  }
  /// The error of a request that gets no answer.
  Error refusal() {
    const RunDone done = ask().get();
    EXPECT_FALSE(done.outputs.has_value());
    return done.outputs ? Error{} : done.outputs.error();
  }
  std::vector<std::byte> known(std::uint32_t seed = 1) {
    const auto device = make_engine_device(chip_);
    const SliceId slice = device->open_slice(1).value();
    const LoadedId loaded = device->load(slice, executable_).value();
    std::promise<RunDone> answer;
    Work work{
        .loaded = loaded, .inputs = {}, .done = [&](RunDone done) { answer.set_value(std::move(done)); }};
    work.inputs.push_back(make_input(model_, 1, seed));
    EXPECT_TRUE(device->submit(slice, std::move(work)).has_value());
    const RunDone done = answer.get_future().get();
    return {done.outputs->at(0).bytes().begin(), done.outputs->at(0).bytes().end()};
  }
  bool answers_right() {
    const RunDone done = ask().get();
    return done.outputs && std::ranges::equal(done.outputs->at(0).bytes(), known());
  }
  template <class Condition>
  bool eventually(Condition condition) {
    for (int i = 0; i < 2'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  /// Of the worker that served last.
  std::int64_t pid() {
    const std::lock_guard lock(mutex_);
    std::int64_t last = 0;
    for (const WorkerEvent& event : events_)
      if (event.kind == WorkerEvent::Kind::kServes) last = event.pid;
    return last;
  }
  std::size_t starts() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count(events_, WorkerEvent::Kind::kServes, &WorkerEvent::kind);
  }

  const isa::ChipSpec chip_ = host();
  const Model model_ = make_model(1);
  std::shared_ptr<const isa::Executable> executable_ = make_executable(model_, chip_, 1, {1, 2});
  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / fmt::format("bad_worker_{}", ::getpid());
  WorkerOptions options_;
  std::mutex mutex_;  // of events_
  std::vector<WorkerEvent> events_;
  std::unique_ptr<Device> device_;
  SliceId slice_;
  LoadedId loaded_;
};

TEST_F(WorkerDevice, ABinaryThatIsNotThereIsSaidSo) {
  options_.binary = "/nowhere/chengying";
  const Status opened = open("good");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::kUnavailable);
  EXPECT_EQ(
      opened.error().message,
      "the worker of chip host.3 can't be started (/nowhere/chengying can't be started: No such file or "
      "directory)");
  EXPECT_EQ(device_->free_cores(), 4);
}

TEST_F(WorkerDevice, OneThatEndsAtOnceOrNeverOpensIsSaidSo) {
  const Status ended = open("ends");
  ASSERT_FALSE(ended.has_value());
  EXPECT_THAT(ended.error().message, HasSubstr("can't be started (exit code 3"));
  options_.start_limit = 100ms;
  const Status hung = open("never_opens");
  ASSERT_FALSE(hung.has_value());
  EXPECT_THAT(hung.error().message, HasSubstr("can't be started (signal 9: it was not ready in 100ms)"));
}

TEST_F(WorkerDevice, AKilledWorkerEndsItsRequestsAndServesAgainByItself) {
  ASSERT_TRUE(open("good").has_value());
  ASSERT_TRUE(load().has_value());
  const std::vector<std::byte> right = known();
  for (std::size_t kill = 1; kill <= 10; ++kill) {
    std::vector<std::future<RunDone>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(ask());
    ASSERT_EQ(::kill(static_cast<pid_t>(pid()), SIGKILL), 0);
    for (auto& answer : answers) {
      const RunDone done = answer.get();
      if (done.outputs) {
        EXPECT_TRUE(std::ranges::equal(done.outputs->at(0).bytes(), right));
        continue;
      }
      EXPECT_EQ(done.outputs.error().code, Code::kUnavailable);
      EXPECT_THAT(done.outputs.error().message, HasSubstr("the worker of chip host.3 ended (signal 9)"));
    }
    ASSERT_TRUE(eventually([&] { return starts() == kill + 1; }));
    EXPECT_TRUE(answers_right());
  }
}

TEST_F(WorkerDevice, AWorkerThatHangsIsKilledAndAnotherServes) {
  ASSERT_TRUE(open("good").has_value());
  ASSERT_TRUE(load().has_value());
  device_.reset();
  options_.answer_limit = 100ms;
  ASSERT_TRUE(open("hangs").has_value());
  ASSERT_TRUE(load().has_value());
  const Error error = refusal();
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_EQ(error.message,
            "the worker of chip host.3 ended (signal 9: gave no answer for 100ms) before the answer");
  EXPECT_TRUE(eventually([&] { return starts() >= 3; }));
}

TEST_F(WorkerDevice, AStoppedWorkerIsKilledToo) {
  options_.answer_limit = 200ms;
  ASSERT_TRUE(open("good").has_value());
  ASSERT_TRUE(load().has_value());
  ASSERT_EQ(::kill(static_cast<pid_t>(pid()), SIGSTOP), 0);
  EXPECT_THAT(refusal().message, HasSubstr("gave no answer for 200ms"));
  EXPECT_TRUE(eventually([&] { return starts() == 2; }));
  EXPECT_TRUE(answers_right());
  ASSERT_EQ(::kill(static_cast<pid_t>(pid()), SIGSTOP), 0);  // a slice is closed even so
}

TEST_F(WorkerDevice, WhatIsNoFrameIsRefusedAndItsWorkerKilled) {
  const std::vector<std::pair<std::string, std::string>> ways{
      {"says_nonsense", "a packet that begins 55555555 is no frame"},
      {"says_nothing_much", "a packet of 1 bytes is no frame"},
      {"says_too_much", "a packet of more than 65536 bytes"},
      {"says_a_half", "a frame of kind 8 ends too early"},
      {"answers_another", "it answered request 1001, which there is not"},
      {"gives_orders", "a frame of kind 4 came where one of kind 7 was due"},
  };
  for (const auto& [way, why] : ways) {
    ASSERT_TRUE(open(way).has_value()) << way;
    ASSERT_TRUE(load().has_value()) << way;
    const Error error = refusal();
    EXPECT_EQ(error.code, Code::kUnavailable) << way;
    EXPECT_THAT(error.message, HasSubstr("ended (signal 9: " + why)) << way;
  }
}

TEST_F(WorkerDevice, AnExecutableThatEndsItsWorkerIsGivenUpAfterAFewTries) {
  ASSERT_TRUE(open("dies_loading").has_value());
  const Status loaded = load();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Code::kUnavailable);
  EXPECT_EQ(loaded.error().message, "the worker of chip host.3 ended (signal 9) before the answer");
  EXPECT_TRUE(eventually([&] { return starts() == 4; }));  // and the slice stays usable: three died
}

TEST_F(WorkerDevice, TwoDeathsWhileLoadingAreNoMatterToTheLoader) {
  ASSERT_TRUE(open("dies_loading_twice").has_value());
  const Status loaded = load();
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_TRUE(answers_right());
  std::filesystem::remove(file_);  // two more deaths, now while the next worker loads again by itself
  ASSERT_EQ(::kill(static_cast<pid_t>(pid()), SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return starts() == 4; }));
  EXPECT_TRUE(answers_right());
}

TEST_F(WorkerDevice, AWorkerWithoutMemoryRefusesTheExecutableAndLives) {
  // One program: the residences of several must agree.
  isa::Executable large = *make_executable(model_, chip_, 1, {1});
  constexpr std::uint64_t kScratch = std::uint64_t{2} << 30;  // the chip has it, the worker does not
  for (isa::Program& program : large.programs) {
    for (isa::Residence& residence : program.residences) residence.offset += kScratch - program.dram_bytes;
    program.dram_bytes = kScratch;
  }
  const auto small = std::exchange(executable_, std::make_shared<const isa::Executable>(large));
  ASSERT_TRUE(open("hungry").has_value());
  const Status refused = load();
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("has no 2147483648 bytes of memory left"));
  executable_ = small;
  ASSERT_TRUE(load().has_value());
  EXPECT_TRUE(answers_right());
}

TEST_F(WorkerDevice, ARequestLargerThanTheSharedMemoryIsRefusedAndAFullOneComesAgain) {
  options_.shared_bytes = 4096;
  ASSERT_TRUE(open("good").has_value());
  ASSERT_TRUE(load().has_value());
  EXPECT_TRUE(answers_right());
  Work work{.loaded = loaded_, .batch = 64, .inputs = {}, .done = [](RunDone) { FAIL(); }};
  work.inputs.push_back(make_input(model_, 64, 1));
  const Status refused = device_->submit(slice_, std::move(work));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_THAT(refused.error().message, HasSubstr("a slice has room for 4096"));
}

TEST_F(WorkerDevice, AFileThatIsNotTheExecutablesIsNotLoaded) {
  ASSERT_TRUE(open("good").has_value());
  const auto path = file_.string() + ".cyx";
  isa::Executable saved = *executable_;
  ASSERT_TRUE(isa::save_executable(saved, path).has_value());
  auto mapped = std::make_shared<isa::Executable>(isa::load_executable(path).value());
  EXPECT_TRUE(device_->load(slice_, mapped, path).has_value());
  mapped->digest.bytes[0] ^= 1;
  const auto changed = device_->load(slice_, mapped, path);
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().code, Code::kDataLoss);
  const auto gone = device_->load(slice_, mapped, path + ".not");
  ASSERT_FALSE(gone.has_value());
  EXPECT_THAT(gone.error().message, HasSubstr("can't be opened"));
  std::filesystem::remove(path);
}

TEST_F(WorkerDevice, TheEndOfTheDeviceEndsItsWorkers) {
  ASSERT_TRUE(open("good").has_value());
  ASSERT_TRUE(load().has_value());
  const auto worker = static_cast<pid_t>(pid());
  EXPECT_EQ(::kill(worker, 0), 0);
  device_.reset();
  EXPECT_NE(::kill(worker, 0), 0);
}

}  // namespace
}  // namespace chengying::runtime
