#include "runtime/worker/shared_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>
#include <vector>

namespace chengying::runtime::worker {
namespace {

TEST(SharedMemory, ExtentsNeverOverlapAndAllComesBack) {
  constexpr std::uint64_t kBytes = 1 << 20;
  const auto memory = SharedMemory::make(kBytes).value();
  std::mt19937 random(1);
  std::vector<Extent> taken;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0 && !taken.empty()) {
      const std::size_t i = random() % taken.size();
      memory->give_back(taken[i]);
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    const auto extent = memory->take(random() % 40'000);
    if (!extent) continue;
    EXPECT_TRUE(memory->at(*extent).has_value());
    for (const Extent& other : taken) {
      const bool apart = extent->offset + SharedMemory::rounded(extent->bytes) <= other.offset ||
                         other.offset + SharedMemory::rounded(other.bytes) <= extent->offset;
      ASSERT_TRUE(apart);
    }
    taken.push_back(*extent);
  }
  for (const Extent& extent : taken) memory->give_back(extent);
  EXPECT_TRUE(memory->take(kBytes).has_value());
  EXPECT_FALSE(memory->take(1).has_value());
}

TEST(SharedMemory, TheOtherSideSeesTheSameBytesAndNothingOutside) {
  const auto ours = SharedMemory::make(4096).value();
  const auto theirs = SharedMemory::open(Handle(::dup(ours->fd())), 4096).value();
  ours->at({64, 8}).value()[3] = std::byte{42};
  EXPECT_EQ(theirs->at({64, 8}).value()[3], std::byte{42});
  for (const Extent bad : {Extent{4096, 1}, Extent{64, 4096}, Extent{1, 1}, Extent{~0ULL - 63, 128}})
    EXPECT_EQ(theirs->at(bad).error().code, Code::kDataLoss) << bad.offset;
  EXPECT_FALSE(SharedMemory::open(Handle(::dup(ours->fd())), 8192).has_value());
  EXPECT_NE(::ftruncate(ours->fd(), 0), 0);  // nobody can take it from under the other
}

}  // namespace
}  // namespace chengying::runtime::worker
