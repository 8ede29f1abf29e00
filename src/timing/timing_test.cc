// The walk against figures computed by hand, at the last cycle that fits and the first that does not; and the
// laws of time: a pure function, more work never takes less, what is independent does not interfere.
#include "timing/timing.h"

#include <gtest/gtest.h>

#include <limits>

#include "isa/testing.h"
#include "timing/cycles.h"

namespace chengying::timing {
namespace {

using isa::View;
using isa::testing::ProgramBuilder;
using isa::testing::small_chip;

/// Cycles of the only instruction that `make` puts into a program with its constants in core 0's SRAM.
template <class Make>
InstructionTime alone(const isa::ChipSpec& chip, Make make) {
  ProgramBuilder b(2);
  b.add(make(b));
  b.constants_in_sram(0);
  return time_alone(b.program().instructions[0], b.program(), chip, 2);
}

std::uint64_t conv_cycles(std::int32_t c, std::int32_t k, std::int32_t h, std::int32_t w,
                          isa::Window window = {}) {
  const InstructionTime time = alone(small_chip(), [&](ProgramBuilder& b) {
    return b.conv_u8(b.sram(0, DType::kU8, {1, h, w, c}, (c + 3) / 4 * 4),
                     b.sram(0, DType::kU8, {1, h, w, k}), window);
  });
  EXPECT_EQ(time.start_cycle, 0u);
  return time.end_cycle;
}

// small_chip: 16 products x 16 channels x 4 pixels a cycle, 10 cycles to fill, 5 to issue.
TEST(TensorTime, is_passes_plus_fill_plus_issue) {
  EXPECT_EQ(conv_cycles(16, 16, 1, 4), 1 + 10 + 5u);
  EXPECT_EQ(conv_cycles(12, 12, 1, 4), 1 + 10 + 5u);
  EXPECT_EQ(conv_cycles(16, 16, 2, 4), 2 + 10 + 5u);
}

TEST(TensorTime, grows_at_the_first_element_over_a_pass) {
  EXPECT_EQ(conv_cycles(17, 16, 1, 4), 2 + 10 + 5u);  // one channel more: a second pass over the products
  EXPECT_EQ(conv_cycles(32, 16, 1, 4), 2 + 10 + 5u);
  EXPECT_EQ(conv_cycles(33, 16, 1, 4), 3 + 10 + 5u);
  EXPECT_EQ(conv_cycles(16, 17, 1, 4), 2 + 10 + 5u);  // one output channel more
  EXPECT_EQ(conv_cycles(16, 16, 1, 5), 2 + 10 + 5u);  // one pixel more
  EXPECT_EQ(conv_cycles(17, 17, 1, 5), 8 + 10 + 5u);
}

// 3 channels are packed as 4: 3x3 places of 4 are 36 products, 3 passes; of 8 they are 72, 5 passes.
TEST(TensorTime, counts_u8_channels_in_groups_of_four) {
  const isa::Window window{3, 3, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(conv_cycles(3, 16, 2, 4, window), 2 * 3 + 10 + 5u);
  EXPECT_EQ(conv_cycles(4, 16, 2, 4, window), 2 * 3 + 10 + 5u);
  EXPECT_EQ(conv_cycles(5, 16, 2, 4, window), 2 * 5 + 10 + 5u);
}

TEST(TensorTime, of_depthwise_runs_the_window_along_the_products) {
  const auto cycles = [](std::int32_t c, std::int32_t w, std::int32_t kernel) {
    return alone(small_chip(), [&](ProgramBuilder& b) {
      isa::DepthwiseConv op;
      op.input = b.sram(0, DType::kU8, {1, 1, w, c});
      op.output = b.sram(0, DType::kU8, {1, 1, w, c});
      op.window = {kernel, kernel, 1, 1, 1, 1, kernel / 2, kernel / 2};
      op.weights = b.constant(isa::packed_depthwise_i8_bytes(c, kernel * kernel));
      op.init = b.constant(64 * 4);
      op.epilogue.scale = b.constant(64 * 4);
      return op;
    });
  };
  EXPECT_EQ(cycles(16, 8, 3).end_cycle, 2 + 10 + 5u);  // 9 places as 12 of 16 products
  EXPECT_EQ(cycles(17, 8, 3).end_cycle, 4 + 10 + 5u);
  EXPECT_EQ(cycles(16, 8, 5).end_cycle, 4 + 10 + 5u);  // 25 places as 28: two passes
  EXPECT_EQ(cycles(16, 8, 3).macs, 16 * 8 * 9u);
}

TEST(TensorTime, of_f32_has_its_own_array) {
  const InstructionTime time = alone(small_chip(), [](ProgramBuilder& b) {
    isa::Conv op;
    op.input = b.sram(0, DType::kF32, {1, 1, 1, 100});
    op.output = b.sram(0, DType::kF32, {1, 1, 1, 16});
    op.weights = b.constant(isa::packed_conv_f32_bytes({16, 1, 1, 100}));
    op.init = b.constant(64);
    return op;
  });
  EXPECT_EQ(time.end_cycle, 100 + 10 + 5u);
  EXPECT_EQ(time.macs, 1600u);
}

TEST(TensorTime, counts_the_epilogue_where_it_has_no_stage_of_its_own) {
  isa::ChipSpec chip = small_chip();
  chip.tensor.epilogue_lanes = 16;
  const auto at = [&](bool residual, bool inner) {
    return alone(chip,
                 [&](ProgramBuilder& b) {
                   const View in = b.sram(0, DType::kU8, {1, 1, 4, 16}),
                              out = b.sram(0, DType::kU8, {1, 1, 4, 16});
                   isa::Conv conv = b.conv_u8(in, out);
                   if (residual) conv.epilogue.residual = isa::Residual{in, 1, 0};
                   if (inner) conv.epilogue.inner = isa::InnerQuantise{};
                   return conv;
                 })
        .end_cycle;
  };
  EXPECT_EQ(at(false, false), 1 + 10 + 5 + 4 * 5u);
  EXPECT_EQ(at(true, false), 1 + 10 + 5 + 4 * 8u);
  EXPECT_EQ(at(true, true), 1 + 10 + 5 + 4 * 11u);
}

// 1x1 of 16 channels to 16: 16 bytes in and 16 out a pixel, 384 bytes of constants, 256 bytes a cycle of
// SRAM.
TEST(TensorTime, is_bounded_by_sram) {
  isa::ChipSpec chip = small_chip();
  chip.tensor.u8 = isa::MacArray{16, 16, 64};
  const auto at = [&](std::int32_t pixels) {
    return alone(chip, [&](ProgramBuilder& b) {
      return b.conv_u8(b.sram(0, DType::kU8, {1, 1, pixels, 16}), b.sram(0, DType::kU8, {1, 1, pixels, 16}));
    });
  };
  // 1024 pixels: 16 passes, 26 cycles with the fill; 33,152 bytes of SRAM take 129.5.
  EXPECT_EQ(at(1024).end_cycle, 5 + 130u);
  EXPECT_EQ(at(1024).limit, Limit::kSram);
  EXPECT_EQ(at(1028).end_cycle, 5 + 130u);
  EXPECT_EQ(at(1029).end_cycle, 5 + 131u);
  EXPECT_EQ(at(16).limit, Limit::kCompute);
}

TEST(VectorTime, is_elements_over_lanes_times_cost) {
  const auto unary = [](isa::UnaryKind kind, std::int32_t n) {
    return alone(small_chip(), [&](ProgramBuilder& b) {
      const View v = b.sram(0, DType::kF32, {1, 1, 1, n});
      return isa::Unary{kind, v, v, 0, 0};
    });
  };
  EXPECT_EQ(unary(isa::UnaryKind::kRelu, 160).end_cycle, 10 + 3u);
  EXPECT_EQ(unary(isa::UnaryKind::kRelu, 161).end_cycle, 11 + 3u);
  EXPECT_EQ(unary(isa::UnaryKind::kExp, 160).end_cycle, 160 + 3u);
  const InstructionTime lut = alone(small_chip(), [](ProgramBuilder& b) {
    const View v = b.sram(0, DType::kU8, {1, 1, 10, 64});
    return isa::Lut{v, v, b.constant(256)};
  });
  EXPECT_EQ(lut.end_cycle, 10 + 3u);
  EXPECT_EQ(lut.limit, Limit::kCompute);
}

TEST(VectorTime, of_pools_counts_the_places_of_the_window) {
  const auto pool = [](isa::PoolKind kind) {
    return alone(small_chip(), [&](ProgramBuilder& b) {
      return isa::Pool{kind,
                       b.sram(0, DType::kU8, {1, 8, 8, 64}),
                       b.sram(0, DType::kU8, {1, 4, 4, 64}),
                       {3, 3, 2, 2, 1, 1, 0, 0},
                       0,
                       1,
                       0};
    });
  };
  EXPECT_EQ(pool(isa::PoolKind::kMax).end_cycle, 16 * 9 + 3u);
  EXPECT_GT(pool(isa::PoolKind::kAverage).end_cycle, 16 * 9 + 3u);
}

InstructionTime copy_time(const isa::ChipSpec& chip, isa::Address from, isa::Address to, std::int32_t bytes) {
  ProgramBuilder b(2);
  b.input("x", DType::kU8, {1 << 20});
  b.output("y", DType::kU8, {1 << 20});
  b.program().dram_bytes = 1 << 20;
  const auto view = [&](isa::Address at) { return isa::dense_view(at, DType::kU8, {1, 1, 1, bytes}, bytes); };
  b.add(isa::Copy{view(from), view(to)});
  return time_alone(b.program().instructions[0], b.program(), chip, 2);
}

constexpr isa::Address kOwn{isa::Space::kSram, 0, 0}, kOther{isa::Space::kSram, 1, 0},
    kDram{isa::Space::kDram, 0, 0}, kIn{isa::Space::kHost, 0, 0};

// The engine moves 64 bytes a cycle, DRAM 32 with 100 cycles of latency, the ring 64 with 20, the host link
// 16 with 500; 2 cycles to issue.
TEST(MemoryTime, follows_the_slowest_link_on_the_way) {
  const isa::ChipSpec chip = small_chip();
  EXPECT_EQ(copy_time(chip, kOwn, kOwn, 6400).end_cycle, 2 + 100u);
  EXPECT_EQ(copy_time(chip, kOwn, kOwn, 6401).end_cycle, 2 + 101u);
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6400).end_cycle, 2 + 100 + 200u);
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6401).end_cycle, 2 + 100 + 201u);
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6400).limit, Limit::kDram);
  EXPECT_EQ(copy_time(chip, kOther, kOwn, 6400).end_cycle, 2 + 20 + 100u);
  EXPECT_EQ(copy_time(chip, kIn, kOwn, 16000).end_cycle, 2 + 500 + 1000u);
  EXPECT_EQ(copy_time(chip, kIn, kOwn, 16000).limit, Limit::kHostLink);
  EXPECT_EQ(copy_time(chip, kIn, kOwn, 16).limit, Limit::kLatency);
  EXPECT_EQ(copy_time(chip, kOwn, kOwn, 64).limit, Limit::kIssue);
}

TEST(MemoryTime, has_a_share_of_the_chip_that_neighbours_never_touch) {
  isa::ChipSpec chip = small_chip();
  chip.cores = 4;  // the slice of two has half of everything that is shared
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6400).end_cycle, 2 + 100 + 400u);
  EXPECT_EQ(copy_time(chip, kIn, kOwn, 16000).end_cycle, 2 + 500 + 2000u);
  EXPECT_EQ(copy_time(chip, kOther, kOwn, 6400).end_cycle, 2 + 20 + 100u);
}

TEST(MemoryTime, is_of_the_cache_if_the_program_fits_it) {
  isa::ChipSpec chip = small_chip();
  chip.memory.cache_bytes_per_second = 64e9;
  chip.memory.cache_bytes = (1 << 20) - 1;
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6400).limit, Limit::kDram);
  chip.memory.cache_bytes = 1 << 20;
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 6400).end_cycle, 2 + 100u);
}

TEST(Energy, adds_up_operations_and_bytes) {
  const isa::ChipSpec chip = small_chip();
  EXPECT_EQ(copy_time(chip, kDram, kOwn, 1000).picojoules, 1000 * (50 + 3u));
  EXPECT_EQ(copy_time(chip, kOther, kOwn, 1000).picojoules, 1000 * (3 + 3 + 6u));
  EXPECT_EQ(copy_time(chip, kIn, kOwn, 1000).picojoules, 1000 * (40 + 3u));
  const InstructionTime conv = alone(chip, [](ProgramBuilder& b) {
    return b.conv_u8(b.sram(0, DType::kU8, {1, 1, 4, 16}), b.sram(0, DType::kU8, {1, 1, 4, 16}));
  });
  EXPECT_EQ(conv.picojoules, 16 * 16 * 4 * 1 + (64 + 256 + 64 + 64 + 64) * 3u);
}

TEST(Energy, idle_power_runs_for_the_slices_share_of_the_time) {
  isa::ChipSpec chip = small_chip();
  chip.launch_seconds = 1e-6;
  ProgramBuilder b(1);
  const Timing timing = walk(b.program(), chip, 1);
  EXPECT_EQ(timing.cycles, 1000u);
  EXPECT_EQ(timing.picojoules, 1'000'000u);  // 2 W, half of the chip, 1 us
}

/// Copy in, two convolutions on two cores, copy out.
Timing walk_net(isa::ChipSpec chip, std::int32_t batch = 1, std::int32_t repeats = 1) {
  ProgramBuilder b(2);
  const View image = b.input("x", DType::kU8, {batch, 8, 8, 16});
  const View result = b.output("y", DType::kU8, {batch, 8, 8, 32});
  const View in = b.sram(0, DType::kU8, {batch, 8, 8, 16}), maps = b.sram(0, DType::kU8, {batch, 8, 8, 32});
  std::vector<std::uint32_t> before;
  for (std::int32_t r = 0; r < repeats; ++r) {
    View half = maps;
    half.shape[3] = 16;
    const std::uint32_t copied = b.core(0).add(isa::Copy{image, in}, before);
    const std::uint32_t first = b.add(b.conv_u8(in, half, {3, 3, 1, 1, 1, 1, 1, 1}), {copied});
    half.at.offset += 16;
    const std::uint32_t second = b.core(1).add(b.conv_u8(in, half, {3, 3, 1, 1, 1, 1, 1, 1}), {copied});
    before = {b.core(0).add(isa::Copy{maps, result}, {first, second})};
  }
  b.constants_in_dram();
  EXPECT_TRUE(isa::verify(b.program(), 2, b.constant_bytes(), chip));
  return walk(b.program(), chip, 2);
}

TEST(Walk, gives_starts_ends_and_gaps) {
  const Timing timing = walk_net(small_chip());
  const auto& t = timing.instructions;
  EXPECT_EQ(t[0].start_cycle, 0u);
  EXPECT_EQ(t[0].end_cycle, 2 + 500 + 64u);
  EXPECT_EQ(t[1].start_cycle, 566u);
  EXPECT_EQ(t[1].idle_before_cycles, 566u);
  EXPECT_EQ(t[1].waited_for, 0u);
  // 9 passes of 16 pixels and the fill are 154 cycles; DRAM gives 2,304 + 128 bytes of constants in 76.
  EXPECT_EQ(t[1].end_cycle, 566 + 5 + 100 + 154u);
  EXPECT_EQ(t[2].start_cycle, 566u);
  EXPECT_EQ(t[2].end_cycle,
            t[1].end_cycle + 20);  // over the ring; its constants after those of core 0, in time
  EXPECT_EQ(t[3].start_cycle, t[2].end_cycle);
  EXPECT_EQ(t[3].waited_for, 2u);
  EXPECT_EQ(timing.cycles, t[3].end_cycle);
  EXPECT_EQ(timing.host_bytes, 64 * 16 + 64 * 32u);
  EXPECT_EQ(timing.ring_bytes, 2 * 64 * 16u);
  EXPECT_EQ(timing.macs, 2 * 64 * 16 * 16 * 9u);
  EXPECT_EQ(timing.busy_cycles[1][0], t[2].end_cycle - t[2].start_cycle);
  EXPECT_EQ(timing.busy_cycles[1][2], 0u);
}

TEST(Walk, starts_after_the_launch) {
  isa::ChipSpec chip = small_chip();
  const Timing at_once = walk_net(chip);
  chip.launch_seconds = 1e-6;
  const Timing later = walk_net(chip);
  EXPECT_EQ(later.cycles, at_once.cycles + 1000);
  EXPECT_EQ(later.instructions[0].idle_before_cycles, 0u);
  EXPECT_EQ(later.instructions[0].waited_for, InstructionTime::kNobody);
}

// Two transfers over one link take turns, in order of time and not of the list; over two links they don't.
TEST(Walk, hands_out_a_link_in_order_of_time) {
  const auto ends = [](isa::Address a, isa::Address b, std::int32_t delay) {
    ProgramBuilder builder(2);
    builder.input("x", DType::kU8, {1 << 20});
    builder.output("y", DType::kU8, {1 << 20});
    builder.program().dram_bytes = 1 << 20;
    const auto view = [](isa::Address at, std::int32_t n) {
      return isa::dense_view(at, DType::kU8, {1, 1, 1, n}, n);
    };
    builder.core(0).add(isa::Copy{view(kOwn, delay), view(kOwn + 4096, delay)});
    builder.add(isa::Copy{view(a, 16000), view(kOwn, 16000)});
    builder.core(1).add(isa::Copy{view(b, 16000), view(kOther, 16000)});
    const Timing timing = walk(builder.program(), small_chip(), 2);
    return std::pair(timing.instructions[1].end_cycle, timing.instructions[2].end_cycle);
  };
  EXPECT_EQ(ends(kIn, kIn, 64), std::pair(2502ul, 1502ul));  // core 1 starts first: its transfer goes first
  EXPECT_EQ(ends(kDram, kIn, 64), std::pair(3 + 2 + 100 + 500ul, 1502ul));
}

TEST(Walk, of_two_programs_one_after_the_other_is_their_sum) {
  const isa::ChipSpec chip = small_chip();
  const Timing once = walk_net(chip), thrice = walk_net(chip, 1, 3);
  EXPECT_EQ(thrice.cycles, 3 * once.cycles);
  EXPECT_EQ(thrice.macs, 3 * once.macs);
  EXPECT_EQ(thrice.dram_bytes, 3 * once.dram_bytes);
}

TEST(Walk, never_takes_less_for_more) {
  const isa::ChipSpec chip = small_chip();
  std::uint64_t cycles = 0, picojoules = 0;
  for (std::int32_t batch = 1; batch <= 16; ++batch) {
    const Timing timing = walk_net(chip, batch);
    EXPECT_GE(timing.cycles, cycles);
    EXPECT_GT(timing.picojoules, picojoules);
    cycles = timing.cycles;
    picojoules = timing.picojoules;
  }
}

TEST(Walk, is_a_pure_function) {
  const Timing a = walk_net(small_chip(), 3), b = walk_net(small_chip(), 3);
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.picojoules, b.picojoules);
  for (std::size_t i = 0; i < a.instructions.size(); ++i)
    EXPECT_EQ(a.instructions[i].end_cycle, b.instructions[i].end_cycle);
  isa::ChipSpec renamed = small_chip();
  renamed.name = "another";
  renamed.is_host = true;
  EXPECT_EQ(walk_net(renamed, 3).cycles, a.cycles);
}

TEST(Walk, agrees_with_time_alone_where_nothing_is_shared) {
  const isa::ChipSpec chip = small_chip();
  ProgramBuilder b(1);
  const View v = b.sram(0, DType::kF32, {1, 1, 1, 1000}), w = b.sram(0, DType::kF32, {1, 1, 1, 1000});
  b.add(isa::Unary{isa::UnaryKind::kTanh, v, w, 0, 0});
  b.add(isa::Softmax{w, v, false}, {0});
  b.add(isa::Copy{v, w}, {1});
  const Timing timing = walk(b.program(), chip, 1);
  std::uint64_t sum = 0;
  for (const isa::Instruction& instruction : b.program().instructions)
    sum += time_alone(instruction, b.program(), chip, 1).end_cycle;
  EXPECT_EQ(timing.cycles, sum);
}

TEST(Cycles, never_wrap) {
  EXPECT_EQ(add(kForever, 5), kForever);
  EXPECT_EQ(add(kForever - 1, 5), kForever);
  EXPECT_EQ(add(2, 3), 5u);
  EXPECT_EQ(multiply(std::uint64_t{1} << 40, std::uint64_t{1} << 40), kForever);
  EXPECT_EQ(multiply(0, kForever), 0u);
  EXPECT_EQ(round_up(1e300), kForever);
  EXPECT_EQ(round_up(std::numeric_limits<double>::quiet_NaN()), kForever);
  EXPECT_EQ(round_up(2.0000001), 3u);
  EXPECT_EQ(round_up(2), 2u);
  EXPECT_EQ(round_up(-1), 0u);
  EXPECT_EQ(ceil_div(9, 4), 3u);
}

/// One scan of a table in DRAM, of which an argument says how much counts.
TEST(Walk, TimeAndBytesFollowTheArguments) {
  isa::testing::ProgramBuilder b;
  isa::Scan op;
  op.query = b.dram(DType::kU8, {1, 1, 1, 64});
  op.rows = b.dram(DType::kU8, {1, 1, 1000, 64});
  op.output = b.sram(0, DType::kI32, {1, 1, 1, 8});
  op.count = 0;
  b.add(op);
  b.program().state_bytes = b.program().dram_bytes;
  b.program().arguments = {{"count", 8, 1000}};
  const auto timing = [&](std::vector<std::int64_t> arguments) {
    return walk(b.program(), isa::testing::small_chip(), 1, arguments);
  };
  EXPECT_EQ(timing({100}).dram_bytes, 101 * 64u);
  EXPECT_EQ(timing({}).dram_bytes, 1001 * 64u);  // unknown: the longest
  EXPECT_EQ(timing({}).cycles, timing({1000}).cycles);
  EXPECT_LT(timing({100}).cycles, timing({101}).cycles);
}

}  // namespace
}  // namespace chengying::timing
