#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <random>
#include <thread>

#include "chip/tiny_model_for_test.h"
#include "runtime/cost.h"
#include "runtime/device.h"
#include "runtime/lengths_for_test.h"
#include "runtime/worker/worker_device.h"

namespace chengying::runtime {
namespace {

using namespace std::chrono_literals;
using chip::tiny::host;
using chip::tiny::make_executable;
using chip::tiny::make_input;
using chip::tiny::make_model;
using chip::tiny::Model;
using testing::HasSubstr;

/// Work whose result arrives in a future. A second completion would throw: each comes exactly once.
struct Pending {
  Work work;
  std::future<RunDone> done;
};
Pending pending(LoadedId loaded, std::vector<Tensor> inputs) {
  auto promise = std::make_shared<std::promise<RunDone>>();
  Pending result;
  result.done = promise->get_future();
  result.work.loaded = loaded;
  result.work.batch = static_cast<std::int32_t>(inputs[0].shape()[0]);
  result.work.inputs = std::move(inputs);
  result.work.done = [promise](RunDone done) { promise->set_value(std::move(done)); };
  return result;
}
Pending pending(LoadedId loaded, Tensor input) {
  std::vector<Tensor> inputs;
  inputs.push_back(std::move(input));
  return pending(loaded, std::move(inputs));
}

std::vector<std::byte> bytes_of(const RunDone& done) {
  EXPECT_TRUE(done.outputs.has_value()) << done.outputs.error().message;
  const auto bytes = done.outputs->at(0).bytes();
  return {bytes.begin(), bytes.end()};
}

RunDone run(Device& device, SliceId slice, LoadedId loaded, Tensor input) {
  Pending one = pending(loaded, std::move(input));
  const Status submitted = device.submit(slice, std::move(one.work));
  EXPECT_TRUE(submitted.has_value()) << submitted.error().message;
  return one.done.get();
}

/// A slice whose thread stands still in a completion until it is let go.
class Blocker {
 public:
  Blocker(Device& device, SliceId slice, LoadedId loaded, Tensor input) {
    Work work{loaded, 1, {}, std::chrono::steady_clock::time_point::max(), [this](RunDone) {
                started_.set_value();
                go_.get_future().wait();
              }};
    work.inputs.push_back(std::move(input));
    EXPECT_TRUE(device.submit(slice, std::move(work)).has_value());
    started_.get_future().wait();
  }
  void let_go() { go_.set_value(); }

 private:
  std::promise<void> started_, go_;
};

/// What holds for a slice that is a thread as for one that is a process.
class AnyDevice : public testing::TestWithParam<bool> {
 protected:
  static std::unique_ptr<Device> make(const isa::ChipSpec& chip, const DeviceOptions& options = {}) {
    if (!GetParam()) return make_engine_device(chip, options);
    WorkerOptions workers;
    workers.binary = CHENGYING_BAD_WORKER;
    workers.arguments = {"good"};
    return make_worker_device(chip, options, workers);
  }
};
INSTANTIATE_TEST_SUITE_P(Slices, AnyDevice, testing::Bool(),
                         [](const auto& run) { return run.param ? "AreProcesses" : "AreThreads"; });

TEST_P(AnyDevice, CoresAreGivenOutOnceAndComeBack) {
  const auto device = make(host(4));
  EXPECT_EQ(device->free_cores(), 4);
  const SliceId first = device->open_slice(3).value();
  EXPECT_EQ(device->free_cores(), 1);
  const auto second = device->open_slice(2);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kResourceExhausted);
  EXPECT_EQ(second.error().message, "host has 1 free cores of 4, not 2");
  device->close_slice(first);
  device->close_slice(first);
  EXPECT_EQ(device->free_cores(), 4);
  EXPECT_TRUE(device->open_slice(4).has_value());
}

TEST_P(AnyDevice, ASliceThatTheChipNeverHadIsRefused) {
  const auto device = make(host(4));
  for (const std::uint16_t cores : {std::uint16_t{0}, std::uint16_t{5}}) {
    const auto slice = device->open_slice(cores);
    ASSERT_FALSE(slice.has_value());
    EXPECT_EQ(slice.error().code, Code::kInvalidArgument);
    EXPECT_THAT(slice.error().message, HasSubstr("1 to 4 cores"));
  }
}

TEST_P(AnyDevice, RunsAndSaysTheCostThatTheQuoteSaid) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const auto executable = make_executable(model, chip, 2, {1, 2});
  const SliceId slice = device->open_slice(2).value();
  const LoadedId loaded = device->load(slice, executable).value();
  for (const std::int32_t batch : {1, 2, 3, 5}) {
    const RunDone done = run(*device, slice, loaded, make_input(model, batch, 1));
    const RunCost quote = cost_of(*executable, chip, batch).value();
    EXPECT_EQ(done.outputs->at(0).shape(), (Shape{batch, model.classes}));
    EXPECT_EQ(done.cost.cycles, quote.cycles);
    EXPECT_EQ(done.cost.picojoules, quote.picojoules);
    EXPECT_EQ(done.cost.core_cycles, quote.core_cycles);
    EXPECT_GT(done.cost.clock_ns, 0);
  }
}

TEST_P(AnyDevice, SeveralExecutablesOfOneSliceAnswerEachForItself) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const SliceId slice = device->open_slice(1).value();
  std::vector<Model> models;
  std::vector<LoadedId> loaded;
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    models.push_back(make_model(seed));
    loaded.push_back(device->load(slice, make_executable(models.back(), chip, 1, {1})).value());
  }
  std::vector<std::vector<std::byte>> first;
  for (std::size_t i = 0; i < 3; ++i)
    first.push_back(bytes_of(run(*device, slice, loaded[i], make_input(models[i], 1, 9))));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(bytes_of(run(*device, slice, loaded[i], make_input(models[i], 1, 9))), first[i]);
}

TEST_P(AnyDevice, InputsThatDoNotFitAreRefusedWithWhatTheyShouldBe) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1, 2})).value();
  const auto refusal = [&](std::int32_t batch, std::vector<Tensor> inputs) {
    Work work{loaded, batch, std::move(inputs), std::chrono::steady_clock::time_point::max(),
              [](RunDone) { FAIL(); }};
    const Status status = device->submit(slice, std::move(work));
    EXPECT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    return status.error().message;
  };
  const std::string should = fmt::format("it must be f32[3,3,{0},{0}]", model.size);
  EXPECT_THAT(refusal(3, {make_input(model, 2, 1)}), HasSubstr("input 'image' is f32[2,3,"));
  EXPECT_THAT(refusal(3, {make_input(model, 2, 1)}), HasSubstr(should));
  EXPECT_THAT(refusal(3, {Tensor(DType::kU8, {3, 3, model.size, model.size})}), HasSubstr(should));
  EXPECT_EQ(refusal(1, {}), "the program takes 1 inputs, 0 were given");
  EXPECT_EQ(refusal(0, {make_input(model, 1, 1)}),
            "no program for a batch of 0; there are programs for 1, 2");
}

TEST_P(AnyDevice, UnknownSlicesAndExecutablesAreNotFound) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const auto executable = make_executable(model, chip, 1, {1});
  EXPECT_EQ(device->load(SliceId{99}, executable).error().code, Code::kNotFound);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, executable).value();
  EXPECT_EQ(device->submit(SliceId{99}, pending(loaded, make_input(model, 1, 1)).work).error().message,
            "no such slice");
  device->unload(slice, loaded);
  EXPECT_EQ(device->submit(slice, pending(loaded, make_input(model, 1, 1)).work).error().code,
            Code::kNotFound);
}

TEST_P(AnyDevice, WorkOfAnotherGrantIsRefused) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1, 7).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1})).value();
  for (const std::int64_t fence : {6, 0, 8}) {
    Pending old = pending(loaded, make_input(model, 1, 1));
    old.work.fence = fence;
    const Status refused = device->submit(slice, std::move(old.work));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::kConflict);
    EXPECT_EQ(refused.error().message,
              fmt::format("the request is of grant {}, the slice of grant 7", fence));
  }
  Pending now = pending(loaded, make_input(model, 1, 1));
  now.work.fence = 7;
  ASSERT_TRUE(device->submit(slice, std::move(now.work)).has_value());
  EXPECT_TRUE(now.done.get().outputs.has_value());
}

TEST_P(AnyDevice, BytesThatLieSomewhereAreReadAndAnsweredThere) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1, 2})).value();
  const auto known = bytes_of(run(*device, slice, loaded, make_input(model, 2, 1)));
  const Tensor input = make_input(model, 2, 1);
  std::vector<std::byte> answer(known.size());
  Pending one = pending(loaded, make_input(model, 2, 1));
  one.work.inputs.clear();
  one.work.buffers = Buffers{{input.bytes()}, {answer}};
  ASSERT_TRUE(device->submit(slice, std::move(one.work)).has_value());
  const RunDone done = one.done.get();
  ASSERT_TRUE(done.outputs.has_value()) << done.outputs.error().message;
  EXPECT_TRUE(done.outputs->empty());
  EXPECT_EQ(answer, known);

  Pending wrong = pending(loaded, make_input(model, 2, 1));
  wrong.work.buffers = Buffers{{input.bytes().first(8)}, {answer}};
  const Status refused = device->submit(slice, std::move(wrong.work));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            fmt::format("input 'image' has 8 bytes; for a batch of 2 it must have {}", input.bytes().size()));
}

TEST_P(AnyDevice, AnExecutableForAnotherSliceIsNotLoaded) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const SliceId slice = device->open_slice(1).value();
  EXPECT_EQ(device->load(slice, make_executable(make_model(1), chip, 2, {1})).error().code,
            Code::kInvalidArgument);
}

TEST_P(AnyDevice, AnExecutableThatKeepsStateIsNotLoaded) {
  const auto device = make(host(), {});
  const SliceId slice = device->open_slice(1).value();
  const auto made = make_executable(make_model(1), host(), 1, {1});
  auto with_state = std::make_shared<isa::Executable>(*made);
  with_state->programs[0].state_bytes = 64;
  const auto loaded = device->load(slice, with_state);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Code::kUnsupported);
  EXPECT_THAT(loaded.error().message, HasSubstr("keeps state from run to run"));
}

TEST_P(AnyDevice, ProgramsWithOtherArgumentsEachAreNotLoaded) {
  const auto device = make(host(), {});
  const SliceId slice = device->open_slice(1).value();
  auto uneven = std::make_shared<isa::Executable>(*make_executable(make_model(1), host(), 1, {1, 2}));
  uneven->programs[1].arguments = {{"length", 1, 8}};
  const auto loaded = device->load(slice, uneven);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("batches 1 and 2 have different arguments"));
}

TEST_P(AnyDevice, ArgumentsSizeTheRunAndItsCost) {
  const auto device = make(host(), {.batch_delay = 1ms});
  const SliceId slice = device->open_slice(1).value();
  const auto executable = lengths::make_executable(host());
  const auto loaded = device->load(slice, executable);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  std::vector<Pending> requests;
  for (std::int64_t length = 1; length <= lengths::kRowsMost; ++length) {
    Pending& one = requests.emplace_back(pending(*loaded, lengths::make_inputs()));
    one.work.arguments = {length};
    ASSERT_TRUE(device->submit(slice, std::move(one.work)).has_value());
  }
  for (std::int64_t length = 1; length <= lengths::kRowsMost; ++length) {
    const RunDone done = requests[static_cast<std::size_t>(length - 1)].done.get();
    ASSERT_TRUE(done.outputs.has_value()) << done.outputs.error().message;
    EXPECT_NEAR(done.outputs->at(0).as<float>()[3], lengths::answer(length), 1e-5F * lengths::kRowsMost);
    EXPECT_EQ(done.cost.cycles, cost_of(*executable, host(), 1, std::array{length})->cycles);
  }
  EXPECT_LT(cost_of(*executable, host(), 1, std::array{std::int64_t{1}})->cycles,
            cost_of(*executable, host(), 1)->cycles);
}

TEST_P(AnyDevice, ArgumentsThatAreNotTheProgramsAreRefused) {
  const auto device = make(host(), {});
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, lengths::make_executable(host())).value();
  const auto refusal = [&](LoadedId of, std::vector<Tensor> inputs, std::vector<std::int64_t> arguments) {
    Pending one = pending(of, std::move(inputs));
    one.work.arguments = std::move(arguments);
    const Status submitted = device->submit(slice, std::move(one.work));
    EXPECT_FALSE(submitted.has_value());
    return submitted ? std::string() : submitted.error().message;
  };
  EXPECT_EQ(refusal(loaded, lengths::make_inputs(), {}),
            "the program takes 1 arguments (length), 0 were given");
  EXPECT_EQ(refusal(loaded, lengths::make_inputs(), {0}), "argument 'length' is 0; it must be 1 to 128");
  EXPECT_EQ(refusal(loaded, lengths::make_inputs(), {129}), "argument 'length' is 129; it must be 1 to 128");
  const Model model = make_model(1);
  const LoadedId plain = device->load(slice, make_executable(model, host(), 1, {1})).value();
  std::vector<Tensor> image;
  image.push_back(make_input(model, 1, 1));
  EXPECT_EQ(refusal(plain, std::move(image), {5}), "the program takes no arguments, 1 were given");
}

TEST_P(AnyDevice, AFullQueueRefusesAndWhatIsQueuedStillRuns) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip, {.queue_capacity = 2});
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1})).value();
  Blocker blocker(*device, slice, loaded, make_input(model, 1, 1));
  std::vector<Pending> queued;
  for (int i = 0; i < 2; ++i) {
    queued.push_back(pending(loaded, make_input(model, 1, 1)));
    EXPECT_TRUE(device->submit(slice, std::move(queued.back().work)).has_value());
  }
  const Status refused = device->submit(slice, pending(loaded, make_input(model, 1, 1)).work);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(refused.error().message, "the slice's queue is full; try again later");
  blocker.let_go();
  for (Pending& each : queued) EXPECT_TRUE(each.done.get().outputs.has_value());
}

TEST_P(AnyDevice, WorkPastItsDeadlineDoesNotRun) {
  const isa::ChipSpec chip = host();
  const auto device = make(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1})).value();
  Pending late = pending(loaded, make_input(model, 1, 1));
  late.work.deadline = std::chrono::steady_clock::now();
  ASSERT_TRUE(device->submit(slice, std::move(late.work)).has_value());
  const RunDone done = late.done.get();
  ASSERT_FALSE(done.outputs.has_value());
  EXPECT_EQ(done.outputs.error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(done.cost.cycles, 0);
}

TEST(EngineDevice, ClosingLetsRunningWorkFinishAndEndsWhatIsQueued) {
  const isa::ChipSpec chip = host();
  const auto device = make_engine_device(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1})).value();
  Blocker blocker(*device, slice, loaded, make_input(model, 1, 1));
  Pending queued = pending(loaded, make_input(model, 1, 1));
  ASSERT_TRUE(device->submit(slice, std::move(queued.work)).has_value());
  std::jthread closer([&] { device->close_slice(slice); });
  // The slice takes nothing more from the moment that the closing began.
  while (device->submit(slice, pending(loaded, make_input(model, 1, 1)).work).has_value())
    std::this_thread::yield();
  blocker.let_go();
  EXPECT_EQ(queued.done.get().outputs.error().code, Code::kUnavailable);
  closer.join();
  EXPECT_EQ(device->free_cores(), 4);
}

TEST(EngineDevice, WorkForAnUnloadedExecutableEndsUnavailable) {
  const isa::ChipSpec chip = host();
  const auto device = make_engine_device(chip);
  const Model model = make_model(1);
  const SliceId slice = device->open_slice(1).value();
  const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1})).value();
  Blocker blocker(*device, slice, loaded, make_input(model, 1, 1));
  Pending queued = pending(loaded, make_input(model, 1, 1));
  ASSERT_TRUE(device->submit(slice, std::move(queued.work)).has_value());
  device->unload(slice, loaded);
  blocker.let_go();
  EXPECT_EQ(queued.done.get().outputs.error().code, Code::kUnavailable);
}

TEST_P(AnyDevice, TheEndOfTheDeviceEndsEveryRequest) {
  const isa::ChipSpec chip = host();
  std::atomic<int> completions = 0;
  int submitted = 0;
  {
    const auto device = make(chip, {.batch_delay = 1h});
    const Model model = make_model(1);
    for (int s = 0; s < 2; ++s) {
      const SliceId slice = device->open_slice(1).value();
      const LoadedId loaded = device->load(slice, make_executable(model, chip, 1, {1, 8})).value();
      for (int i = 0; i < 20; ++i) {
        Work work{
            loaded, 1, {}, std::chrono::steady_clock::time_point::max(), [&](RunDone) { ++completions; }};
        work.inputs.push_back(make_input(model, 1, 1));
        submitted += device->submit(slice, std::move(work)).has_value() ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(completions, submitted);
}

TEST(EngineDevice, MergedRequestsHaveTheBytesAndTheCostThatTheyHaveAlone) {
  const isa::ChipSpec chip = host();
  const Model model = make_model(5);
  const auto executable = make_executable(model, chip, 1, {1, 2, 8});
  const auto alone = make_engine_device(chip), merging = make_engine_device(chip, {.batch_delay = 1ms});
  const SliceId a = alone->open_slice(1).value(), m = merging->open_slice(1).value();
  const LoadedId in_a = alone->load(a, executable).value(), in_m = merging->load(m, executable).value();
  std::mt19937 random(1);
  for (int round = 0; round < 5; ++round) {
    Blocker blocker(*merging, m, in_m, make_input(model, 1, 1));
    std::vector<Pending> merged;
    std::vector<std::pair<std::int32_t, std::uint32_t>> requests;
    for (int i = 0; i < 12; ++i) {
      requests.emplace_back(1 + random() % 5, random());
      merged.push_back(pending(in_m, make_input(model, requests.back().first, requests.back().second)));
      ASSERT_TRUE(merging->submit(m, std::move(merged.back().work)).has_value());
    }
    blocker.let_go();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const RunDone expected = run(*alone, a, in_a, make_input(model, requests[i].first, requests[i].second));
      const RunDone done = merged[i].done.get();
      EXPECT_EQ(bytes_of(done), bytes_of(expected));
      EXPECT_EQ(done.cost.cycles, expected.cost.cycles);
      EXPECT_EQ(done.cost.picojoules, expected.cost.picojoules);
    }
  }
}

}  // namespace
}  // namespace chengying::runtime
