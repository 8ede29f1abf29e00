// Idle time is charged to what everything waited for, without a cycle missing or counted twice.
#include "timing/waits.h"

#include <gtest/gtest.h>

#include "isa/testing.h"

namespace chengying::timing {
namespace {

using isa::View;
using isa::testing::ProgramBuilder;
using isa::testing::small_chip;

View bytes_at(isa::Address at, std::int32_t count) {
  return isa::dense_view(at, DType::kU8, {1, 1, 1, count}, count);
}

constexpr isa::Address kOwn{isa::Space::kSram, 0, 0}, kOther{isa::Space::kSram, 1, 0};

/// Host to core 0, over the ring to core 1, back to the host from there; and a chip that launches in 1 us.
struct Relay {
  Relay() {
    chip.launch_seconds = 1e-6;
    builder.input("x", DType::kU8, {16000});
    builder.output("y", DType::kU8, {16000});
    builder.core(0).add(isa::Copy{bytes_at({isa::Space::kHost, 0, 0}, 16000), bytes_at(kOwn, 16000)});
    builder.core(1).add(isa::Copy{bytes_at(kOwn, 16000), bytes_at(kOther, 16000)}, {0});
    timing = walk(builder.program(), chip, 2);
  }
  isa::ChipSpec chip = small_chip();
  ProgramBuilder builder{2};
  Timing timing;
};

std::string text_of(const Stretch& stretch) {
  const std::string who =
      stretch.instruction == InstructionTime::kNobody ? "" : fmt::format(" of {}", stretch.instruction);
  return fmt::format("{}-{} {}{}", stretch.start_cycle, stretch.end_cycle, name_of(stretch.limit), who);
}

std::vector<std::string> gaps_of_engine(const Relay& relay, std::uint16_t core, isa::Engine engine) {
  std::vector<std::string> texts;
  for (const Gap& gap : gaps_of(relay.builder.program(), relay.timing))
    if (gap.core == core && gap.engine == engine) texts.push_back(text_of(gap.stretch));
  return texts;
}

// 2 cycles of issue, 500 of latency; the engine moves 64 bytes a cycle, the link 16.
TEST(Phases, are_issue_latency_engine_and_link) {
  std::vector<std::string> texts;
  for (const Stretch& phase : phases_of(Relay().timing, 0)) texts.push_back(text_of(phase));
  EXPECT_EQ(texts, (std::vector<std::string>{"1000-1002 issue of 0", "1002-1502 latency of 0",
                                             "1502-1752 compute of 0", "1752-2502 host link of 0"}));
}

TEST(Gaps, name_the_launch_the_instruction_and_what_it_spent_the_time_on) {
  const Relay relay;
  EXPECT_EQ(gaps_of_engine(relay, 0, isa::Engine::kMemory),
            (std::vector<std::string>{"0-1000 command processor", "2502-2774 done"}));
  EXPECT_EQ(
      gaps_of_engine(relay, 1, isa::Engine::kMemory),
      (std::vector<std::string>{"0-1000 command processor", "1000-1002 issue of 0", "1002-1502 latency of 0",
                                "1502-1752 compute of 0", "1752-2502 host link of 0"}));
  EXPECT_EQ(gaps_of_engine(relay, 0, isa::Engine::kTensor), (std::vector<std::string>{"0-2774 done"}));
}

TEST(Gaps, and_busy_time_add_up_to_the_program) {
  const Relay relay;
  std::array<std::array<std::uint64_t, isa::kEngineCount>, 2> idle{};
  for (const Gap& gap : gaps_of(relay.builder.program(), relay.timing))
    idle[gap.core][static_cast<std::size_t>(gap.engine)] += gap.stretch.cycles();
  for (std::size_t core = 0; core < 2; ++core)
    for (std::size_t engine = 0; engine < isa::kEngineCount; ++engine)
      EXPECT_EQ(idle[core][engine] + relay.timing.busy_cycles[core][engine], relay.timing.cycles);
}

TEST(CriticalPath, is_the_whole_program_without_a_gap) {
  const Relay relay;
  const std::vector<Stretch> path = critical_path(relay.timing);
  std::uint64_t at = 0;
  for (const Stretch& stretch : path) {
    EXPECT_EQ(stretch.start_cycle, at);
    at = stretch.end_cycle;
  }
  EXPECT_EQ(at, relay.timing.cycles);
  const auto cycles = cycles_by_limit(path);
  EXPECT_EQ(cycles[static_cast<std::size_t>(Limit::kLaunch)], 1000u);
  EXPECT_EQ(cycles[static_cast<std::size_t>(Limit::kHostLink)], 750u);
  EXPECT_EQ(cycles[static_cast<std::size_t>(Limit::kLatency)], 520u);
}

TEST(CriticalPath, of_an_empty_program_is_its_launch) {
  isa::ChipSpec chip = small_chip();
  chip.launch_seconds = 1e-6;
  const Timing timing = walk(ProgramBuilder(1).program(), chip, 1);
  ASSERT_EQ(critical_path(timing).size(), 1u);
  EXPECT_EQ(text_of(critical_path(timing)[0]), "0-1000 command processor");
  EXPECT_EQ(gaps_of(ProgramBuilder(1).program(), timing).size(), 3u);
}

// Two transfers want the host link: the second one's wait for it is in its queue.
TEST(Phases, of_a_link_that_serves_another_first_are_its_queue) {
  ProgramBuilder b(2);
  b.input("x", DType::kU8, {16000});
  const View x = bytes_at({isa::Space::kHost, 0, 0}, 16000);
  b.core(0).add(isa::Copy{x, bytes_at(kOwn, 16000)});
  b.core(1).add(isa::Copy{x, bytes_at(kOther, 16000)});
  const Timing timing = walk(b.program(), small_chip(), 2);
  EXPECT_EQ(timing.instructions[0].queue_cycles, 0u);
  EXPECT_EQ(timing.instructions[1].queue_cycles, 1000u);
  EXPECT_EQ(timing.instructions[1].stall_cycles(), 2000 - 250u);
}

}  // namespace
}  // namespace chengying::timing
