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

}  // namespace
}  // namespace chengying::chip
