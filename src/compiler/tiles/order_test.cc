#include "compiler/tiles/order.h"

#include <gtest/gtest.h>

#include <random>

#include "compiler/tiles/place.h"

namespace chengying::compiler::tiles {
namespace {

/// Copies between random rows of random buffers, on random cores, in SRAM.
Tiles random_tiles(std::uint32_t seed) {
  std::mt19937 random(seed);
  Tiles tiles;
  for (int i = 0; i < 12; ++i) {
    Buffer buffer{
        "b", isa::Space::kSram, static_cast<std::uint16_t>(random() % 2), 64 * (1 + random() % 4), {}};
    buffer.dimensions = {{16, static_cast<std::int64_t>(buffer.bytes / 16)}, {1, 16}};
    tiles.buffers.push_back(buffer);
  }
  const auto view = [&](BufferId id) {
    const auto rows = static_cast<std::uint32_t>(tiles.buffers[id].bytes / 16);
    return isa::dense_view(virtual_at(tiles.buffers[id], id, 16 * (random() % rows)), DType::kU8,
                           {1, 1, 1, 16}, 16);
  };
  for (int i = 0; i < 60; ++i) {
    const auto from = static_cast<BufferId>(random() % 12),
               to = static_cast<BufferId>((from + 1 + random() % 11) % 12);
    isa::Operation operation = isa::Copy{view(from), view(to)};
    if (random() % 2 == 0) operation = isa::Lut{view(from), view(to), {}};
    tiles.steps.push_back({static_cast<std::uint16_t>(random() % 2), 0, {}, std::move(operation)});
  }
  order_steps(tiles);
  return tiles;
}

TEST(Order, ReducedWaitsOrderAllThatTheFullOnesOrder) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const Tiles full = random_tiles(seed);
    Tiles reduced = full;
    reduce_waits(reduced.steps);
    const Clocks clocks(reduced.steps);
    std::size_t before = 0, after = 0;
    for (std::uint32_t i = 0; i < full.steps.size(); ++i) {
      for (const std::uint32_t wait : full.steps[i].waits) EXPECT_TRUE(clocks.ordered(wait, i));
      before += full.steps[i].waits.size();
      after += reduced.steps[i].waits.size();
    }
    EXPECT_LT(after, before);
  }
}

TEST(Order, NoReducedWaitFollowsFromTheOthers) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    Tiles tiles = random_tiles(seed);
    reduce_waits(tiles.steps);
    for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) {
      for (const std::uint32_t wait : tiles.steps[i].waits) {
        std::vector<isa::Instruction> without = tiles.steps;
        std::erase(without[i].waits, wait);
        EXPECT_FALSE(Clocks(without).ordered(wait, i));
      }
    }
  }
}

TEST(Place, BuffersThatShareBytesAreNeverAliveAtOnce) {
  for (const Reuse reuse : {Reuse::kOrdered, Reuse::kAlways}) {
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
      Tiles tiles = random_tiles(seed);
      const Places places = place_buffers(tiles, 2, reuse);
      // As if the memory of each core were one buffer: then all conflicts must be ordered.
      Tiles merged = tiles;
      merged.buffers = {{"sram0", isa::Space::kSram, 0, places.sram_bytes[0], {}},
                        {"sram1", isa::Space::kSram, 1, places.sram_bytes[1], {}}};
      for (isa::Instruction& step : merged.steps) {
        for_each_address(step.operation, [&](isa::Address& at) {
          if (const auto id = buffer_of(at)) {
            at = virtual_at(merged.buffers[at.core], at.core, places.offset[*id] + byte_of(at));
          }
        });
      }
      const Status checked = check(merged);
      EXPECT_TRUE(checked.has_value()) << checked.error().message;
    }
  }
}

TEST(Place, MoreReuseNeedsNoMoreMemory) {
  std::uint64_t ordered = 0, always = 0;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    Tiles tiles = random_tiles(seed);
    ordered += place_buffers(tiles, 2, Reuse::kOrdered).sram_bytes[0];
    always += place_buffers(tiles, 2, Reuse::kAlways).sram_bytes[0];
  }
  EXPECT_LE(always, ordered);
}

}  // namespace
}  // namespace chengying::compiler::tiles
