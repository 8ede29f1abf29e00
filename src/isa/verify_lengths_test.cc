// Each refusal of attention, scans, arguments and state with its exact words.
#include <gtest/gtest.h>

#include <functional>

#include "isa/testing.h"

namespace chengying::isa {
namespace {

/// Two sequences of up to 12 rows in pages of 4 that stay in DRAM from run to run.
struct Attending {
  testing::ProgramBuilder b;
  Attention op;

  Attending() {
    op.keys = b.dram(DType::kBF16, {8, 1, 4, 16});
    op.values = b.dram(DType::kBF16, {8, 1, 4, 16});
    b.program().state_bytes = b.program().dram_bytes;
    b.program().arguments = {{"length 0", 1, 12}, {"length 1", 1, 12}};
    const View query = b.input("query", DType::kF32, {2, 2, 1, 16});
    const View pages = b.input("pages", DType::kI32, {2, 3});
    const View out = b.output("out", DType::kF32, {2, 2, 1, 16});
    op.query = b.dram(DType::kF32, {2, 2, 1, 16});
    op.pages = b.dram(DType::kI32, {1, 1, 2, 3});
    op.output = b.dram(DType::kF32, {2, 2, 1, 16});
    b.add(Copy{query, op.query});
    b.add(Copy{pages, op.pages});
    b.add(op, {0, 1});
    b.add(Copy{op.output, out}, {2});
  }
  std::string error(const std::function<void(Attention&, Program&)>& change = [](auto&, auto&) {}) {
    change(std::get<Attention>(b.program().instructions[2].operation), b.program());
    const Status status = verify(b.program(), 1, 0, testing::small_chip());
    return status ? "" : status.error().message.substr(0, status.error().message.find('\n'));
  }
};

TEST(VerifyLengths, AcceptsAttentionOverState) {
  EXPECT_EQ(Attending().error(), "");
}

TEST(VerifyLengths, AReadOfWhatIsNoStateMustBeWrittenBefore) {
  EXPECT_EQ(Attending().error([](Attention&, Program& p) { p.state_bytes = 1024; }),
            "instruction 2: reads bf16[8,1,4,16] @ dram+0x400 /128,128,32,2, not all of which an earlier "
            "instruction wrote");
}

TEST(VerifyLengths, RefusesLengthsThatPassTheOperands) {
  EXPECT_EQ(
      Attending().error([](Attention&, Program& p) { p.arguments[1].high = 13; }),
      "instruction 2: argument 'length 1' may be 1 to 13; as the length of a sequence it must stay within "
      "1 to 12");
  EXPECT_EQ(
      Attending().error([](Attention&, Program& p) { p.arguments[0].low = 0; }),
      "instruction 2: argument 'length 0' may be 0 to 12; as the length of a sequence it must stay within "
      "1 to 12");
  EXPECT_EQ(Attending().error([](Attention& op, Program&) { op.lengths = 1; }),
            "instruction 2: takes the length of a sequence from argument 2 of 2");
}

TEST(VerifyLengths, RefusesOperandsThatDoNotAgree) {
  EXPECT_EQ(Attending().error([](Attention& op, Program&) { op.values.dtype = DType::kF32; }),
            "instruction 2: values f32[8,1,4,16] @ dram+0x400 /128,128,32,2 has a stride of 2, not a "
            "multiple of its "
            "element's 4 bytes");
  EXPECT_EQ(Attending().error([](Attention& op, Program&) { op.keys.shape[3] = op.values.shape[3] = 8; }),
            "instruction 2: query f32[2,2,1,16] @ dram+0x800 /128,64,64,4 and keys bf16[8,1,4,8] @ dram+0x0 "
            "/128,128,32,2 differ in the length of their rows");
}

TEST(VerifyLengths, RefusesArgumentsThatMakeNoSense) {
  EXPECT_EQ(Attending().error([](Attention&, Program& p) { p.arguments[1].name = "length 0"; }),
            "the argument name 'length 0' is empty or there twice");
  EXPECT_EQ(Attending().error([](Attention&, Program& p) { p.arguments[1].low = 20; }),
            "argument 'length 1' from 20 to 12; bounds within 0 to 1099511627776 are needed");
  EXPECT_EQ(Attending().error([](Attention&, Program& p) { p.state_bytes = 65; }),
            "65 bytes of state; a multiple of 64 within the 2624 bytes of scratch in DRAM is needed");
}

TEST(VerifyLengths, RefusesScansOfTooFew) {
  testing::ProgramBuilder b;
  Scan op;
  op.query = b.dram(DType::kU8, {1, 1, 2, 32});
  op.rows = b.dram(DType::kU8, {1, 1, 9, 32});
  op.output = b.dram(DType::kI32, {1, 1, 2, 4});
  op.count = 0;
  b.program().arguments = {{"count", 4, 9}};
  b.add(op);
  const auto error = [&] {
    const Status status = verify(b.program(), 1, 0, testing::small_chip());
    return status ? "" : status.error().message.substr(0, status.error().message.find('\n'));
  };
  b.program().state_bytes = 384;
  EXPECT_EQ(error(), "");
  b.program().arguments[0].low = 3;
  EXPECT_EQ(error(),
            "instruction 0: argument 'count' may be 3 to 9; as the count of rows it must stay within 4 to 9");
  std::get<Scan>(b.program().instructions[0].operation).rows.shape[2] = 3;
  EXPECT_EQ(error(), "instruction 0: output i32[1,1,2,4] @ dram+0x180 /32,32,16,4 asks for the best 4 of 3");
}

}  // namespace
}  // namespace chengying::isa
