// Law 4: the reference defines, and nothing else changes a byte: not the kernels, threads, batch, cores or
// chip.
#include <gtest/gtest.h>

#include "suite.h"

namespace chengying::laws {
namespace {

using Batches = std::vector<std::int32_t>;

std::vector<std::byte> reference_bytes(const Entry& entry, const Tensor& input) {
  const isa::ChipSpec chip = chip_named("host");
  const auto batch = static_cast<std::int32_t>(input.shape()[0]);
  return run_alone(chip, entry.executable(chip, 1, {batch}), input, 1, chip::KernelSet::kReference);
}

TEST(BytesLaw, EveryKernelSetGivesTheReferencesBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (const Entry& entry : suite()) {
    const Tensor input = entry.input(3, 1);
    const auto expected = reference_bytes(entry, input);
    for (const chip::KernelSet kernels : {chip::KernelSet::kAvx2, chip::KernelSet::kAvx512}) {
      if (!chip::supported(kernels)) continue;
      EXPECT_EQ(run_alone(chip, entry.executable(chip, 2, {3}), input, 1, kernels), expected)
          << entry.name << " " << name_of(kernels);
    }
  }
}

TEST(BytesLaw, TheNumberOfThreadsAndCoresChangesNoByte) {
  const isa::ChipSpec chip = chip_named("host");
  for (const Entry& entry : suite()) {
    const Tensor input = entry.input(1, 2);
    const auto expected = reference_bytes(entry, input);
    for (const std::uint16_t cores :
         {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}, std::uint16_t{4}}) {
      const auto executable = entry.executable(chip, cores, {1});
      for (const unsigned threads : {1U, 2U, 4U})
        EXPECT_EQ(run_alone(chip, executable, input, threads), expected)
            << entry.name << ", cores: " << cores << ", threads: " << threads;
    }
  }
}

TEST(BytesLaw, TheBatchChangesNoByteOfASample) {
  const isa::ChipSpec chip = chip_named("host");
  for (const Entry& entry : suite()) {
    const auto executable = entry.executable(chip, 2, {1, 2, 8});
    std::vector<std::byte> expected;
    for (std::uint32_t i = 0; i < 8; ++i) {
      const auto sample = reference_bytes(entry, entry.input(1, 50 + i));
      expected.insert(expected.end(), sample.begin(), sample.end());
    }
    EXPECT_EQ(run_alone(chip, executable, entry.input(8, 50)), expected) << entry.name;
    const auto seven = run_alone(chip, executable, entry.input(7, 50));  // as 2, 2, 2, 1
    EXPECT_EQ(seven,
              std::vector(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(seven.size())))
        << entry.name;
  }
}

TEST(BytesLaw, TheChipChangesNoByte) {
  for (const char* name : {"hanguang800", "chengying1"}) {
    const isa::ChipSpec chip = chip_named(name);
    for (const Entry& entry : suite()) {
      if (entry.needs_f32 && !chip.tensor.f32) continue;
      const Tensor input = entry.input(2, 3);
      const auto expected = reference_bytes(entry, input);
      for (const auto cores : {1, 2, static_cast<int>(chip.cores)})
        EXPECT_EQ(run_alone(chip, entry.executable(chip, static_cast<std::uint16_t>(cores), {2}), input, 2),
                  expected)
            << name << ": " << entry.name << ", cores: " << cores;
    }
  }
}

}  // namespace
}  // namespace chengying::laws
