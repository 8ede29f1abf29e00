// The second form: its checker accepts what build() makes and finds what is broken; its text is stable.
#include <gtest/gtest.h>

#include "base/file.h"
#include "chip_runner.h"
#include "compiler/tiles/build.h"
#include "compiler/tiles/choose.h"
#include "compiler/tiles/order.h"
#include "random_graph.h"

namespace chengying::compiler::tiles {
namespace {

using testing::chip_named;

Tiles built(const BatchGraph& bound, const isa::ChipSpec& chip, std::uint16_t cores) {
  ConstantPool pool;
  auto result = build(bound.graph, bound.batch, proposals(bound.graph, cores).front(), chip, cores, pool);
  EXPECT_TRUE(result.has_value());
  return *std::move(result);
}

TEST(Tiles, EveryProposalPassesTheCheck) {
  for (const char* name : {"host", "hanguang800"}) {
    const isa::ChipSpec chip = chip_named(name);
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      const BatchGraph bound = testing::random_graph(seed, 2, {.nodes = 10});
      for (const Decisions& decisions : proposals(bound.graph, 2)) {
        ConstantPool pool;
        const auto result = build(bound.graph, 2, decisions, chip, 2, pool);
        ASSERT_TRUE(result.has_value()) << result.error().message;
        const Status checked = check(*result);
        EXPECT_TRUE(checked.has_value()) << checked.error().message;
      }
    }
  }
}

TEST(Tiles, ReducedWaitsKeepEveryOrder) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    Tiles tiles = built(testing::random_graph(seed, 2, {.nodes = 12}), chip, 4);
    std::size_t before = 0, after = 0;
    for (const isa::Instruction& step : tiles.steps) before += step.waits.size();
    reduce_waits(tiles.steps);
    for (const isa::Instruction& step : tiles.steps) after += step.waits.size();
    EXPECT_TRUE(check(tiles).has_value());
    EXPECT_LE(after, before);
  }
}

TEST(Tiles, AMissingWaitIsFound) {
  Tiles tiles = built(testing::random_graph(1, 1, {.nodes = 6}), chip_named("hanguang800"), 2);
  for (isa::Instruction& step : tiles.steps) step.waits.clear();
  const Status checked = check(tiles);
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().message.find("touch the same bytes in no order"), std::string::npos);
}

TEST(Tiles, AViewBehindItsBufferIsFound) {
  Tiles tiles = built(testing::random_graph(1, 1, {.nodes = 6}), chip_named("host"), 1);
  tiles.buffers.front().bytes = 0;
  const Status checked = check(tiles);
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().message.find("reaches behind its buffer"), std::string::npos);
}

/// Rewrites the golden file if CHENGYING_UPDATE_GOLDEN is set.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = CHENGYING_SOURCE_DIR "/tests/golden/" + name;
  if (std::getenv("CHENGYING_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, text).has_value());
  }
  const auto golden = read_text_file(path, 1 << 20);
  ASSERT_TRUE(golden.has_value()) << golden.error().message;
  EXPECT_EQ(text, *golden) << "if the change is meant, run with CHENGYING_UPDATE_GOLDEN=1";
}

TEST(Tiles, TheTextFormIsStable) {
  const BatchGraph bound = testing::random_graph(21, 2, {.nodes = 5});
  for (const char* name : {"host", "hanguang800"}) {
    const isa::ChipSpec chip = chip_named(name);
    LowerDump dump;
    const auto lowered = lower(std::vector{bound}, chip, 2, &dump);
    ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
    expect_golden(fmt::format("tiles_{}.txt", name), dump.decisions + dump.tiles);
    expect_golden(fmt::format("program_{}.txt", name), isa::print(*lowered));
  }
}

}  // namespace
}  // namespace chengying::compiler::tiles
