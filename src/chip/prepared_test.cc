#include "chip/prepared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "isa/packing.h"

namespace chengying::chip {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// 256 bytes of DRAM, two cores with 128 bytes of SRAM, 4096 bytes of constants, an input of 64 bytes and an
/// output of 16 behind it.
struct Fixture {
  Fixture() {
    memory.dram = *Memory::make(256);
    for (int core = 0; core < 2; ++core) memory.sram.push_back(*Memory::make(128));
    program.inputs = {{"in", DType::kU8, {64}, 0}};
    program.outputs = {{"out", DType::kU8, {16}, 64}};
    program.dram_bytes = 256;
    program.sram_bytes = {128, 128};
  }

  void add(isa::Operation operation, std::uint16_t core = 0, std::vector<std::uint32_t> waits = {}) {
    program.instructions.push_back({core, 0, std::move(waits), std::move(operation)});
  }
  std::expected<Prepared, Trap> prepared(unsigned threads = 2) const {
    return prepare(program, constants.span(), memory, threads);
  }
  /// Why the only instruction traps.
  std::string reason(isa::Operation operation) {
    program.instructions.clear();
    add(std::move(operation));
    const auto result = prepared();
    EXPECT_FALSE(result.has_value());
    return result ? "" : result.error().reason;
  }

  AlignedBytes constants{4096};
  SliceMemory memory;
  isa::Program program;
};

isa::View row(isa::Space space, std::uint64_t offset, std::int32_t count, std::uint16_t core = 0) {
  return isa::dense_view({space, core, offset}, DType::kU8, {1, 1, 1, count}, count);
}
isa::Copy copy(isa::View source, isa::View destination) {
  return {source, destination};
}

TEST(Prepared, OperandsPointIntoTheirMemories) {
  Fixture f;
  f.add(copy(row(isa::Space::kConstant, 100, 16), row(isa::Space::kDram, 240, 16)));
  f.add(copy(row(isa::Space::kDram, 240, 16), row(isa::Space::kSram, 112, 16, 1)));
  const Prepared prepared = f.prepared(1).value();
  const std::vector<Step>& steps = prepared.threads[0].steps;
  EXPECT_EQ(steps[0].operands.input, f.constants.data() + 100);
  EXPECT_EQ(steps[0].operands.output, f.memory.dram.bytes().data() + 240);
  EXPECT_EQ(steps[1].operands.output, f.memory.sram[1].bytes().data() + 112);
  EXPECT_TRUE(prepared.host_operands.empty());
}

TEST(Prepared, OperandsOfTheRequestAreLeftForTheRun) {
  Fixture f;
  f.add(copy(row(isa::Space::kHost, 8, 16), row(isa::Space::kHost, 64, 16)));
  const Prepared prepared = f.prepared().value();
  ASSERT_EQ(prepared.host_operands.size(), 2);
  EXPECT_EQ(prepared.host_operands[0].binding, 0);
  EXPECT_EQ(prepared.host_operands[0].offset, 8);
  EXPECT_EQ(prepared.host_operands[1].slot, HostOperand::Slot::kOutput);
  EXPECT_EQ(prepared.host_operands[1].binding, 1);
  EXPECT_EQ(prepared.host_operands[1].offset, 0);
}

TEST(Prepared, AThirdOperandOfTheRequestIsLeftForTheRunToo) {
  Fixture f;
  const isa::View at_dram = row(isa::Space::kDram, 0, 16);
  f.add(isa::MatMul{.a = at_dram, .b = at_dram, .addend = row(isa::Space::kHost, 8, 16), .output = at_dram});
  const Prepared prepared = f.prepared().value();
  ASSERT_EQ(prepared.host_operands.size(), 1);
  EXPECT_EQ(prepared.host_operands[0].slot, HostOperand::Slot::kThird);
  EXPECT_EQ(prepared.host_operands[0].offset, 8);
  EXPECT_EQ(f.reason(isa::MatMul{
                .a = at_dram, .b = at_dram, .addend = row(isa::Space::kDram, 250, 16), .output = at_dram}),
            "the third input (16 bytes at 0xfa) passes the end of its memory of 256 bytes");
}

TEST(Prepared, OnlyWaitsForOtherThreadsRemainAndEachOnce) {
  Fixture f;
  const auto step = copy(row(isa::Space::kConstant, 0, 4), row(isa::Space::kDram, 0, 4));
  f.add(step, 0);          // thread 0, step 0
  f.add(step, 0, {0});     // its own: nothing to wait for
  f.add(step, 1, {0, 1});  // the later one stands for both
  f.add(step, 1, {0});     // known already
  f.add(step, 0, {2, 3});
  const Prepared prepared = f.prepared(2).value();
  EXPECT_THAT(prepared.threads[0].waits, ElementsAre(StepWait{1, 2}));
  EXPECT_THAT(prepared.threads[1].waits, ElementsAre(StepWait{0, 2}));
  EXPECT_FALSE(prepared.threads[0].steps[0].published);
  EXPECT_TRUE(prepared.threads[0].steps[1].published);
  EXPECT_FALSE(prepared.threads[1].steps[0].published);
  EXPECT_TRUE(prepared.threads[1].steps[1].published);
  EXPECT_FALSE(prepared.threads[0].steps[2].published);
}

TEST(Prepared, OneThreadWaitsForNobody) {
  Fixture f;
  const auto step = copy(row(isa::Space::kConstant, 0, 4), row(isa::Space::kDram, 0, 4));
  f.add(step, 0);
  f.add(step, 1, {0});
  EXPECT_TRUE(f.prepared(1)->threads[0].waits.empty());
}

TEST(Prepared, WaitingForwardsTraps) {
  Fixture f;
  f.add(copy(row(isa::Space::kConstant, 0, 4), row(isa::Space::kDram, 0, 4)), 0, {0});
  EXPECT_EQ(f.prepared().error().reason, "waits for an instruction that does not come before it");
}

TEST(Prepared, NoByteOutsideOfAMemoryIsReached) {
  Fixture f;
  const isa::View good = row(isa::Space::kDram, 0, 16);
  const auto from = [&](isa::View view) { return f.reason(copy(view, good)); };
  const auto to = [&](isa::View view) { return f.reason(copy(good, view)); };
  EXPECT_THAT(from(row(isa::Space::kDram, 241, 16)), HasSubstr("passes the end of its memory of 256 bytes"));
  EXPECT_THAT(from(row(isa::Space::kDram, ~std::uint64_t{0} - 3, 16)), HasSubstr("passes the end"));
  EXPECT_THAT(from(row(isa::Space::kSram, 113, 16, 1)),
              HasSubstr("passes the end of its memory of 128 bytes"));
  EXPECT_THAT(from(row(isa::Space::kSram, 0, 16, 2)), HasSubstr("names core 2 of a slice of 2"));
  EXPECT_THAT(from(row(isa::Space::kConstant, 4081, 16)), HasSubstr("reads past the constants"));
  EXPECT_THAT(from(row(isa::Space::kHost, 56, 16)), HasSubstr("does not lie in one tensor of the request"));
  EXPECT_THAT(to(row(isa::Space::kHost, 72, 16)), HasSubstr("does not lie in one tensor of the request"));
  EXPECT_THAT(to(row(isa::Space::kHost, 0, 16)), HasSubstr("writes to an input of the request"));
  EXPECT_THAT(to(row(isa::Space::kConstant, 0, 16)), HasSubstr("writes to constants"));
  EXPECT_THAT(to(row(isa::Space::kDram, 241, 16)), HasSubstr("the output (16 bytes at 0xf1) passes the end"));
}

TEST(Prepared, ImpossibleViewsTrap) {
  Fixture f;
  const isa::View good = row(isa::Space::kDram, 0, 16);
  isa::View view = good;
  view.shape[0] = 0;
  EXPECT_THAT(f.reason(copy(view, good)), HasSubstr("the input's shape or strides are impossible"));
  view = good;
  view.stride[3] = -1;
  EXPECT_THAT(f.reason(copy(good, view)), HasSubstr("the output's shape or strides are impossible"));
  view = good;
  view.shape = {1 << 30, 1 << 30, 1, 1};
  view.stride = {std::int64_t{1} << 60, std::int64_t{1} << 60, 1, 1};
  EXPECT_THAT(f.reason(copy(view, good)), HasSubstr("impossible"));
}

isa::Conv conv() {
  isa::Conv op;
  op.input = row(isa::Space::kDram, 0, 8);
  op.output = row(isa::Space::kDram, 64, 16);
  op.weights = {isa::Space::kConstant, 0, 0};
  op.init = {isa::Space::kConstant, 0, 1024};
  op.epilogue.scale = {isa::Space::kConstant, 0, 2048};
  return op;
}

TEST(Prepared, WeightsAndTheirCompanyLieWholeAndAlignedInTheConstants) {
  Fixture f;
  f.add(conv());
  EXPECT_TRUE(f.prepared().has_value());
  const std::size_t weight_bytes = isa::packed_conv_i8_bytes({16, 1, 1, 8});
  isa::Conv op = conv();
  op.weights.offset = 4096 - weight_bytes + 64;
  EXPECT_THAT(f.reason(op), HasSubstr("weights (128 bytes)"));
  op = conv();
  op.weights.offset = 32;
  EXPECT_THAT(f.reason(op), HasSubstr("weights (128 bytes) at 0x20 is not an aligned block"));
  op = conv();
  op.weights.space = isa::Space::kDram;
  EXPECT_THAT(f.reason(op), HasSubstr("weights"));
  op = conv();
  op.init.offset = 4096;
  EXPECT_THAT(f.reason(op), HasSubstr("init"));
  op = conv();
  op.epilogue.scale.offset = 4096;
  EXPECT_THAT(f.reason(op), HasSubstr("scale"));
  op = conv();
  op.epilogue.residual = isa::Residual{row(isa::Space::kDram, 250, 16), 1, 0};
  EXPECT_THAT(f.reason(op), HasSubstr("the second input"));
  op = conv();
  op.window.kernel_h = 0;
  EXPECT_THAT(f.reason(op), HasSubstr("window"));
  isa::Lut lut{row(isa::Space::kDram, 0, 8), row(isa::Space::kDram, 8, 8), {isa::Space::kConstant, 0, 3904}};
  EXPECT_THAT(f.reason(lut), HasSubstr("table (256 bytes)"));
}

TEST(Prepared, ChannelsAreReadInWholeGroups) {
  Fixture f;
  isa::Conv op = conv();
  op.input = row(isa::Space::kDram, 251, 5);
  EXPECT_THAT(f.reason(op), HasSubstr("the input (8 bytes at 0xfb) passes the end"));
}

}  // namespace
}  // namespace chengying::chip
