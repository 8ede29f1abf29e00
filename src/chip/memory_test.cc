#include "chip/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace chengying::chip {
namespace {

bool is_aligned(const Memory& memory, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(memory.bytes().data()) % alignment == 0;
}

TEST(Memory, IsZeroedAlignedAndAsLongAsAskedFor) {
  for (const std::uint64_t size : {1, 63, 4096, 70000, 2 << 20, 5'000'001}) {
    const Memory memory = Memory::make(size).value();
    EXPECT_EQ(memory.bytes().size(), size);
    EXPECT_TRUE(is_aligned(memory, size >= 2 << 20 ? 2 << 20 : 4096));
    EXPECT_TRUE(std::ranges::all_of(memory.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
    memory.bytes().back() = std::byte{1};
    memory.bytes().data()[size + Memory::kSlackBytes - 1] = std::byte{1};  // the slack is there
  }
}

TEST(Memory, NoBytesNeedNoMemory) {
  EXPECT_TRUE(Memory::make(0)->bytes().empty());
}

TEST(Memory, MovesWithItsBytes) {
  Memory first = Memory::make(100).value();
  first.bytes()[7] = std::byte{9};
  Memory second = std::move(first);
  EXPECT_EQ(second.bytes()[7], std::byte{9});
  first = Memory::make(10).value();
  EXPECT_EQ(first.bytes().size(), 10);
}

TEST(Memory, MoreThanTheMachineHasIsRefused) {
  for (const std::uint64_t size : {std::uint64_t{1} << 60, ~std::uint64_t{0}}) {
    const Result<Memory> memory = Memory::make(size);
    ASSERT_FALSE(memory.has_value());
    EXPECT_EQ(memory.error().code, Code::kResourceExhausted);
  }
}

}  // namespace
}  // namespace chengying::chip
