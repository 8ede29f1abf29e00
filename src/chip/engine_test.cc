#include "chip/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "chip/tiny_model_for_test.h"

namespace chengying::chip {
namespace {

using testing::HasSubstr;

isa::ChipSpec chip_named(const std::string& name, std::int64_t cores = 4) {
  auto chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/" + name + ".toml");
  EXPECT_TRUE(chip.has_value()) << chip.error().message;
  chip->cores = cores;
  return *std::move(chip);
}

std::vector<std::byte> bytes_of(const Tensor& tensor) {
  return {tensor.bytes().begin(), tensor.bytes().end()};
}

/// Runs the program for the input's batch.
std::vector<std::byte> run(Engine& engine, const isa::Executable& executable, const Tensor& input,
                           const RunOptions& options = {}) {
  const isa::Program& program = *executable.program_for(static_cast<std::int32_t>(input.shape()[0]));
  Tensor output(program.outputs[0].dtype, program.outputs[0].shape);
  const std::span<const std::byte> from = input.bytes();
  const std::span<std::byte> to = output.bytes();
  const auto trap = engine.run(program, {&from, 1}, {&to, 1}, options);
  EXPECT_FALSE(trap.has_value()) << trap->reason;
  return bytes_of(output);
}

std::vector<std::byte> run_once(const isa::ChipSpec& chip, unsigned threads, KernelSet kernels,
                                const std::shared_ptr<const isa::Executable>& executable,
                                const Tensor& input) {
  Engine engine(chip, executable->cores, threads, kernels);
  const Status loaded = engine.load(executable);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  if (!loaded) return {};
  return run(engine, *executable, input);
}

/// [1,4] f32: out = a + b, through DRAM.
std::shared_ptr<isa::Executable> sum_of_two(const isa::ChipSpec& chip) {
  auto executable = std::make_shared<isa::Executable>();
  executable->chip = chip.name;
  executable->chip_digest = chip.digest;
  executable->layers = {{"sum", "add", 0}};
  isa::Program program;
  program.inputs = {{"a", DType::kF32, {1, 4}, 0}, {"b", DType::kF32, {1, 4}, 64}};
  program.outputs = {{"sum", DType::kF32, {1, 4}, 128}};
  program.dram_bytes = 64;
  program.sram_bytes = {0};
  const auto row = [](isa::Space space, std::uint64_t offset) {
    return isa::dense_view({space, 0, offset}, DType::kF32, {1, 1, 1, 4}, 16);
  };
  program.instructions.push_back({0, 0, {}, isa::Copy{row(isa::Space::kHost, 0), row(isa::Space::kDram, 0)}});
  program.instructions.push_back({0,
                                  0,
                                  {0},
                                  isa::Binary{.kind = isa::BinaryKind::kAdd,
                                              .a = row(isa::Space::kDram, 0),
                                              .b = row(isa::Space::kHost, 64),
                                              .output = row(isa::Space::kHost, 128)}});
  executable->programs = {program};
  return executable;
}

TEST(Engine, ComputesWhatTheInstructionsSay) {
  const isa::ChipSpec chip = chip_named("host");
  const auto executable = sum_of_two(chip);
  Engine engine(chip, 1, 1);
  ASSERT_TRUE(engine.load(executable).has_value());
  // Not aligned: the request's buffers are the caller's.
  std::array<std::byte, 17> a_bytes{}, b_bytes{}, sum_bytes{};
  const std::array<float, 4> a{1, 2, 3, 4}, b{10, 20, 30, -4};
  std::memcpy(a_bytes.data() + 1, a.data(), 16);
  std::memcpy(b_bytes.data() + 1, b.data(), 16);
  const std::span<const std::byte> inputs[] = {std::span(a_bytes).subspan(1), std::span(b_bytes).subspan(1)};
  const std::span<std::byte> outputs[] = {std::span(sum_bytes).subspan(1)};
  ASSERT_FALSE(engine.run(executable->programs[0], inputs, outputs).has_value());
  std::array<float, 4> sum{};
  std::memcpy(sum.data(), sum_bytes.data() + 1, 16);
  EXPECT_EQ(sum, (std::array<float, 4>{11, 22, 33, 0}));
}

TEST(Engine, KernelsAndThreadsChangeNoByte) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    const tiny::Model model = tiny::make_model(seed);
    const Tensor input = tiny::make_input(model, 2, seed);
    const auto one = tiny::make_executable(model, chip, 1, {2});
    const auto four = tiny::make_executable(model, chip, 4, {2});
    const auto expected = run_once(chip, 1, KernelSet::kReference, one, input);
    for (const KernelSet kernels : {KernelSet::kReference, KernelSet::kAvx2, KernelSet::kAvx512}) {
      if (!supported(kernels)) continue;
      EXPECT_EQ(run_once(chip, 1, kernels, one, input), expected) << seed << name_of(kernels);
      for (const unsigned threads : {1U, 2U, 3U, 4U, 9U})
        EXPECT_EQ(run_once(chip, threads, kernels, four, input), expected)
            << seed << name_of(kernels) << threads;
    }
  }
}

TEST(Engine, TheKindOfChipChangesNoByte) {
  const isa::ChipSpec host = chip_named("host"), hanguang = chip_named("hanguang800");
  for (std::uint32_t seed = 100; seed < 120; ++seed) {
    const tiny::Model model = tiny::make_model(seed);
    const Tensor input = tiny::make_input(model, 1, seed);
    const auto expected =
        run_once(host, 1, best_kernels(), tiny::make_executable(model, host, 1, {1}), input);
    for (const std::uint16_t cores : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{4}})
      EXPECT_EQ(
          run_once(hanguang, 2, best_kernels(), tiny::make_executable(model, hanguang, cores, {1}), input),
          expected)
          << seed << ", cores: " << cores;
  }
}

TEST(Engine, ASampleHasTheSameBytesInEveryBatch) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 200; seed < 210; ++seed) {
    const tiny::Model model = tiny::make_model(seed);
    const auto executable = tiny::make_executable(model, chip, 2, {1, 8});
    Engine engine(chip, 2, 2);
    ASSERT_TRUE(engine.load(executable).has_value());
    const Tensor eight = tiny::make_input(model, 8, seed);
    std::vector<std::byte> alone;
    const std::size_t sample = eight.bytes().size() / 8;
    for (std::size_t i = 0; i < 8; ++i) {
      Tensor one(DType::kF32, {1, 3, model.size, model.size});
      std::ranges::copy(eight.bytes().subspan(i * sample, sample), one.bytes().begin());
      const auto bytes = run(engine, *executable, one);
      alone.insert(alone.end(), bytes.begin(), bytes.end());
    }
    EXPECT_EQ(run(engine, *executable, eight), alone) << seed;
  }
}

TEST(Engine, ManyRunsOnTwoThreadsStayEqual) {
  const isa::ChipSpec chip = chip_named("host");
  const tiny::Model model = tiny::make_model(7);
  const auto executable = tiny::make_executable(model, chip, 2, {1});
  Engine engine(chip, 2, 2);
  ASSERT_TRUE(engine.load(executable).has_value());
  const Tensor a = tiny::make_input(model, 1, 1), b = tiny::make_input(model, 1, 2);
  const auto of_a = run(engine, *executable, a), of_b = run(engine, *executable, b);
  EXPECT_NE(of_a, of_b);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(run(engine, *executable, a), of_a);
    ASSERT_EQ(run(engine, *executable, b), of_b);
  }
}

TEST(Engine, AnotherLoadReplacesTheFirst) {
  const isa::ChipSpec chip = chip_named("host");
  Engine engine(chip, 2, 2);
  for (std::uint32_t seed = 300; seed < 305; ++seed) {
    const tiny::Model model = tiny::make_model(seed);
    const auto executable = tiny::make_executable(model, chip, 2, {1});
    const Tensor input = tiny::make_input(model, 1, seed);
    ASSERT_TRUE(engine.load(executable).has_value());
    EXPECT_EQ(run(engine, *executable, input), run_once(chip, 1, KernelSet::kReference, executable, input));
  }
}

TEST(Engine, AProfileHasEachInstructionAfterThoseItWaitsFor) {
  const isa::ChipSpec chip = chip_named("host");
  const tiny::Model model = tiny::make_model(11);
  const auto executable = tiny::make_executable(model, chip, 4, {1});
  const std::vector<isa::Instruction>& instructions = executable->programs[0].instructions;
  for (const unsigned threads : {1U, 2U}) {
    Engine engine(chip, 4, threads);
    ASSERT_TRUE(engine.load(executable).has_value());
    std::vector<InstructionClock> clocks(1);
    run(engine, *executable, tiny::make_input(model, 1, 1), {.profile = &clocks});
    ASSERT_EQ(clocks.size(), instructions.size());
    for (std::size_t i = 0; i < clocks.size(); ++i) {
      EXPECT_LE(clocks[i].start_ns, clocks[i].end_ns);
      EXPECT_EQ(clocks[i].thread, instructions[i].core % threads);
      for (const std::uint32_t wait : instructions[i].waits)
        EXPECT_LE(clocks[wait].end_ns, clocks[i].start_ns);
    }
  }
}

TEST(Engine, AnExecutableForAnotherSliceIsRefused) {
  const isa::ChipSpec chip = chip_named("host");
  Engine engine(chip, 2, 1);
  const Status loaded = engine.load(tiny::make_executable(tiny::make_model(1), chip, 4, {1}));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().message, "the executable is for a slice of 4 cores, this one has 2");
}

TEST(Engine, WhatVerifyRefusesIsNotLoaded) {
  const isa::ChipSpec chip = chip_named("host");
  const auto executable = sum_of_two(chip);
  std::get<isa::Copy>(executable->programs[0].instructions[0].operation).destination.at.offset = 56;
  Engine engine(chip, 1, 1);
  EXPECT_FALSE(engine.load(executable).has_value());
}

}  // namespace
}  // namespace chengying::chip
