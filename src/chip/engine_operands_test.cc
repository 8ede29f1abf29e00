// Operations whose operands all lie in the request's tensors, through the engine, with every kernel set.
#include <gtest/gtest.h>

#include "chip/engine.h"
#include "isa/testing.h"
#include "tensor/tensor.h"

namespace chengying::chip {
namespace {

/// small_chip, whose engines reach the request's tensors.
isa::ChipSpec open_chip() {
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.memory.engines_reach_host = true;
  return chip;
}

/// Runs a program of one core on f32 tensors that are given by their bytes.
std::optional<Trap> run(const isa::testing::ProgramBuilder& builder, KernelSet kernels,
                        std::span<const std::span<const std::byte>> inputs, std::span<std::byte> output) {
  const isa::ChipSpec chip = open_chip();
  const auto executable = std::make_shared<isa::Executable>(builder.executable(chip));
  Engine engine(chip, 1, 1, kernels);
  const Status loaded = engine.load(executable);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  if (!loaded) return Trap{0, loaded.error().message};
  return engine.run(executable->programs[0], inputs, {&output, 1});
}

std::vector<KernelSet> all_sets() {
  std::vector<KernelSet> sets{KernelSet::kReference};
  for (const KernelSet set : {KernelSet::kAvx2, KernelSet::kAvx512})
    if (supported(set)) sets.push_back(set);
  return sets;
}

TEST(EngineOperands, AMatrixProductTakesAllThreeFromTheRequest) {
  isa::testing::ProgramBuilder b;
  isa::MatMul op;
  op.a = b.input("a", DType::kF32, {2, 2});
  op.b = b.input("b", DType::kF32, {2, 2});
  op.addend = b.input("mask", DType::kF32, {1, 2});
  op.output = b.output("y", DType::kF32, {2, 2});
  op.addend->shape[2] = 2;
  op.addend->stride[2] = 0;
  op.scale = 0.5F;
  b.add(op);
  const std::vector<float> a{1, 2, 3, 4}, second{10, 20, 30, 40}, mask{0.25F, -1};
  const std::array inputs{std::as_bytes(std::span(a)), std::as_bytes(std::span(second)),
                          std::as_bytes(std::span(mask))};
  for (const KernelSet set : all_sets()) {
    std::vector<float> y(4);
    EXPECT_FALSE(run(b, set, inputs, std::as_writable_bytes(std::span(y))).has_value());
    EXPECT_EQ(y, (std::vector<float>{35.25F, 49, 75.25F, 109})) << name_of(set);
  }
}

/// Two look-ups, on two cores, each of which asks for a row that is not there.
TEST(EngineOperands, AnIndexThatNamesNoRowIsATrapTheSameForAnyThreads) {
  isa::testing::ProgramBuilder b(2);
  const isa::View rows = b.input("rows", DType::kF32, {3, 1}),
                  numbers = b.input("numbers", DType::kI64, {2, 1});
  const auto as_rows = [](isa::View view) {
    view.shape = {1, view.shape[2], 1, 1};
    view.stride = {view.stride[1], view.stride[2], view.stride[2], view.stride[3]};
    return view;
  };
  for (const char* name : {"first", "second"}) {
    const isa::View out = b.output(name, DType::kF32, {2, 1});
    b.core(name[0] == 'f' ? 1 : 0).add(isa::Gather{as_rows(rows), as_rows(numbers), as_rows(out)});
  }
  const isa::ChipSpec chip = open_chip();
  const auto executable = std::make_shared<isa::Executable>(b.executable(chip));
  for (const unsigned threads : {1U, 2U}) {
    Engine engine(chip, 2, threads, best_kernels());
    ASSERT_TRUE(engine.load(executable).has_value());
    const auto run_with = [&](std::vector<std::int64_t> indices) {
      const std::vector<float> data{1, 2, 3};
      std::vector<float> first(2), second(2);
      const std::array inputs{std::as_bytes(std::span(data)), std::as_bytes(std::span(indices))};
      const std::array outputs{std::as_writable_bytes(std::span(first)),
                               std::as_writable_bytes(std::span(second))};
      const auto trap = engine.run(executable->programs[0], inputs, outputs);
      if (!trap) {
        EXPECT_EQ(first, second);
      }
      return trap;
    };
    const auto trap = run_with({-3, 5});
    ASSERT_TRUE(trap.has_value());
    EXPECT_EQ(trap->instruction, 0U);
    EXPECT_EQ(trap->reason, "index 5 names none of 3 rows");
    EXPECT_FALSE(run_with({-3, 2}).has_value());  // the next run is free of it
  }
}

}  // namespace
}  // namespace chengying::chip
