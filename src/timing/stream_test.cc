// A stream of requests is bound by what is busiest, never faster than that, and never slower than one by one.
#include "timing/stream.h"

#include <gtest/gtest.h>

#include "isa/testing.h"
#include "timing/timing.h"

namespace chengying::timing {
namespace {

using isa::View;
using isa::testing::ProgramBuilder;
using isa::testing::small_chip;

/// `bytes` in from the host, a table over `elements` of them on the vector engine, as many out.
isa::Program in_compute_out(std::int32_t bytes, std::int32_t elements) {
  ProgramBuilder b(1);
  const View x = b.input("x", DType::kU8, {bytes}), y = b.output("y", DType::kU8, {bytes});
  const View in = b.sram(0, DType::kU8, {1, 1, 1, bytes}), work = b.sram(0, DType::kU8, {1, 1, 1, elements});
  const View out = b.sram(0, DType::kU8, {1, 1, 1, bytes});
  const auto copied = b.add(isa::Copy{x, in});
  const auto computed = b.add(isa::Lut{work, work, b.constant(256)}, {copied});
  b.add(isa::Copy{out, y}, {computed});
  b.constants_in_sram(0);
  return b.program();
}

/// The small chip as a slice of all its cores, one, so that the link is its own: 16 bytes a cycle.
isa::ChipSpec one_core() {
  isa::ChipSpec chip = small_chip();
  chip.cores = 1;
  return chip;
}

// 6,400 bytes take 2 + 500 + 400 cycles each way on the memory engine; 64,000 elements 3 + 1,000 on the
// vector engine.
TEST(Stream, is_bound_by_its_busiest_engine) {
  const isa::ChipSpec chip = one_core();
  EXPECT_EQ(walk(in_compute_out(6400, 64000), chip, 1).cycles, 902 + 1003 + 902u);
  EXPECT_EQ(stream_of(in_compute_out(6400, 64000), chip, 1).cycles, 2 * 902.0);
  EXPECT_EQ(stream_of(in_compute_out(6400, 640000), chip, 1).cycles, 10003.0);
}

TEST(Stream, of_work_that_cannot_overlap_is_that_work) {
  ProgramBuilder b(1);
  const View v = b.sram(0, DType::kU8, {1, 1, 1, 6400});
  b.add(isa::Lut{v, v, b.constant(256)});
  b.add(isa::Lut{v, v, b.constant(256)}, {0});
  b.constants_in_sram(0);
  const isa::ChipSpec chip = one_core();
  EXPECT_EQ(stream_of(b.program(), chip, 1).cycles, static_cast<double>(walk(b.program(), chip, 1).cycles));
}

TEST(Stream, keeps_two_requests_in_flight_and_no_third) {
  const isa::Program one = in_compute_out(6400, 64000);
  const isa::Program three = repeated(one, walk(one, one_core(), 1), 3, 1000);
  ASSERT_EQ(three.instructions.size(), 9u);
  const auto is_in = [](const isa::Instruction& instruction) {
    const auto* copy = std::get_if<isa::Copy>(&instruction.operation);
    return copy != nullptr && copy->source.at.space == isa::Space::kHost;
  };
  std::vector<std::uint32_t> ins;
  for (std::uint32_t i = 0; i < 9; ++i)
    if (is_in(three.instructions[i])) ins.push_back(i);
  ASSERT_EQ(ins.size(), 3u);
  EXPECT_TRUE(three.instructions[ins[0]].waits.empty());
  EXPECT_TRUE(three.instructions[ins[1]].waits.empty());
  ASSERT_EQ(three.instructions[ins[2]].waits.size(), 1u);  // for the first request's last one
  const isa::Instruction& last = three.instructions[three.instructions[ins[2]].waits[0]];
  EXPECT_EQ(std::get<isa::Copy>(last.operation).destination.at.space, isa::Space::kHost);
}

// Two engines that one request uses in turn are both busy with two: the longer one decides.
TEST(Stream, interleaves_engines_that_one_request_uses_in_turn) {
  ProgramBuilder b(1);
  const View v = b.sram(0, DType::kU8, {1, 1, 1, 6400}), w = b.sram(0, DType::kU8, {1, 1, 1, 6400});
  b.add(isa::Lut{v, v, b.constant(256)});
  b.add(isa::Copy{v, w}, {0});
  b.add(isa::Lut{w, w, b.constant(256)}, {1});
  b.add(isa::Copy{w, v}, {2});
  b.constants_in_sram(0);
  isa::ChipSpec chip = one_core();
  chip.memory.sram_bytes_per_cycle = 1024;  // wide enough for both engines at once
  EXPECT_EQ(walk(b.program(), chip, 1).cycles, 2 * (103 + 102u));
  EXPECT_EQ(stream_of(b.program(), chip, 1).cycles, 2 * 103.0);
}

TEST(Stream, costs_a_requests_energy_and_its_share_of_idle_time) {
  const isa::ChipSpec chip = one_core();
  const Stream stream = stream_of(in_compute_out(6400, 64000), chip, 1);
  const Timing alone = walk(in_compute_out(6400, 64000), chip, 1);
  const double idle = chip.power.idle_watts * 1e12 / chip.clock_hz;  // a cycle's
  EXPECT_NEAR(stream.picojoules - idle * stream.cycles,
              static_cast<double>(alone.picojoules) - idle * static_cast<double>(alone.cycles), 1);
}

}  // namespace
}  // namespace chengying::timing
