#include "runtime/worker/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "isa/spec_rows.h"

namespace chengying::runtime::worker {
namespace {

using testing::HasSubstr;

OpenFrame open_frame(const std::string& chip) {
  OpenFrame frame;
  frame.chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/" + chip + ".toml").value();
  frame.cores = 2;
  frame.fence = 9;
  frame.shared_bytes = 4096;
  frame.nice = 3;
  frame.host_cores = {1, 5};
  return frame;
}

TEST(Frame, AChipArrivesWithEveryNumber) {
  const auto specs = isa::load_chip_specs(CHENGYING_SOURCE_DIR "/chips").value();
  for (const isa::ChipSpec& spec : specs) {
    const auto there = decode<OpenFrame>(encode(open_frame(spec.name)));
    ASSERT_TRUE(there.has_value()) << there.error().message;
    EXPECT_EQ(isa::digest_of(there->chip), spec.digest) << spec.name;
    EXPECT_EQ(there->chip.digest, spec.digest);
    EXPECT_EQ(there->host_cores, (std::vector<std::uint32_t>{1, 5}));
    EXPECT_EQ(there->fence, 9);
  }
}

TEST(Frame, AnErrorArrivesWithItsCodeAndItsWords) {
  const DoneFrame sent{7, fail(Code::kDeadlineExceeded, "late"), {1, 2, 3, 4}};
  const auto there = decode<DoneFrame>(encode(sent));
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(there->request, 7);
  EXPECT_EQ(there->status.error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(there->status.error().message, "late");
  EXPECT_EQ(there->cost.core_cycles, 3);
}

TEST(Frame, EveryShorterOrLongerPacketIsRefused) {
  const RunFrame run{1, 2, 3, 4, 5, {{0, 64}, {64, 64}}, {{128, 64}}, {7, 9}};
  const std::vector<std::byte> packet = encode(run);
  EXPECT_EQ(decode<RunFrame>(packet)->outputs[0].offset, 128);
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const auto cut = decode<RunFrame>(std::span(packet).first(size));
    ASSERT_FALSE(cut.has_value()) << size;
    EXPECT_EQ(cut.error().code, Code::kDataLoss);
  }
  std::vector<std::byte> longer = packet;
  longer.push_back(std::byte{0});
  EXPECT_THAT(decode<RunFrame>(longer).error().message, HasSubstr("too long"));
  EXPECT_THAT(decode<DoneFrame>(packet).error().message, HasSubstr("kind 4 came where one of kind 8"));
}

TEST(Frame, ChangedBytesAreReadOrRefusedNeverMore) {
  const std::vector<std::byte> packet = encode(DoneFrame{7, fail(Code::kInternal, "words"), {}});
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> changed = packet;
    for (int n = 0; n < 3; ++n) changed[random() % changed.size()] = static_cast<std::byte>(random());
    const auto read = decode<DoneFrame>(changed);
    EXPECT_TRUE(read || read.error().code == Code::kDataLoss);
  }
}

}  // namespace
}  // namespace chengying::runtime::worker
