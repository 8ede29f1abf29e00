#include "chip/kernels/kernels.h"

#include <gtest/gtest.h>

namespace chengying::chip {
namespace {

TEST(Kernels, EachSetHasItsNameAndTheReferenceIsAlwaysThere) {
  EXPECT_EQ(name_of(KernelSet::kReference), "reference");
  EXPECT_EQ(name_of(KernelSet::kAvx2), "avx2");
  EXPECT_EQ(name_of(KernelSet::kAvx512), "avx512");
  EXPECT_TRUE(supported(KernelSet::kReference));
  EXPECT_TRUE(supported(best_kernels()));
}

TEST(Kernels, ASetIsChosenByName) {
  for (const KernelSet set : {KernelSet::kReference, KernelSet::kAvx2, KernelSet::kAvx512}) {
    if (supported(set)) {
      EXPECT_EQ(kernel_set_named(name_of(set)), set);
    }
  }
}

TEST(Kernels, AnUnknownNameGivesTheFastestSetAndAWarning) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(kernel_set_named("sse9"), kernel_set_named(""));
  const std::string warning = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(warning.find("CHENGYING_KERNELS=sse9: not one of reference, avx2, avx512; using "),
            std::string::npos);
}

}  // namespace
}  // namespace chengying::chip
