// Each refusal of verify with its exact words. The base is a small program that is right; each test breaks
// one thing.
#include <gtest/gtest.h>

#include <functional>

#include "isa/program.h"
#include "isa/testing.h"

namespace chengying::isa {
namespace {

using testing::ProgramBuilder;
using testing::small_chip;

/// Two cores: core 0 copies the image in and computes channels 0..15, core 1 channels 16..31 (its own copy of
/// the weights), both into one buffer of core 0; then a pool, a look-up, a conversion to f32, a softmax, and
/// the copy out.
struct Net {
  enum Index : std::uint32_t { kCopyIn, kConv0, kConv1, kPool, kLut, kConvert, kSoftmax, kCopyOut };
  ProgramBuilder b{2};
  ChipSpec chip = small_chip();

  Net() {
    const View image = b.input("image", DType::kU8, {1, 8, 8, 4});
    const View scores = b.output("scores", DType::kF32, {1, 32});
    const View in = b.sram(0, DType::kU8, {1, 8, 8, 4});
    const View maps = b.sram(0, DType::kU8, {1, 8, 8, 32});
    const View pooled = b.sram(0, DType::kU8, {1, 1, 1, 32});
    const View logits = b.sram(0, DType::kF32, {1, 1, 1, 32});
    const View result = b.sram(0, DType::kF32, {1, 1, 1, 32});
    View half = maps;
    half.shape[3] = 16;
    b.add(Copy{image, in});
    b.add(b.conv_u8(in, half, {3, 3, 1, 1, 1, 1, 1, 1}), {kCopyIn});
    half.at.offset += 16;
    b.core(1).add(b.conv_u8(in, half, {3, 3, 1, 1, 1, 1, 1, 1}), {kCopyIn});
    b.core(0).add(Pool{PoolKind::kAverage, maps, pooled, {8, 8, 1, 1, 1, 1, 0, 0}, 0, 1, 0},
                  {kConv0, kConv1});
    b.add(Lut{pooled, pooled, b.constant(256)});
    b.add(Convert{pooled, logits, 0.5f, 3});
    b.add(Softmax{logits, result, false});
    View flat = result;
    b.add(Copy{flat, scores}, {kSoftmax});
    b.constants_in_dram();
  }

  template <class Op>
  Op& op(std::uint32_t index) {
    return std::get<Op>(b.program().instructions[index].operation);
  }
  Program& program() { return b.program(); }
  Status verify() { return isa::verify(b.program(), 2, b.constant_bytes(), chip); }
  /// The refusal without the instruction's text; "" if there is none.
  std::string error() {
    const Status status = verify();
    return status ? "" : status.error().message.substr(0, status.error().message.find('\n'));
  }
};

std::string error_after(const std::function<void(Net&)>& change) {
  Net net;
  change(net);
  return net.error();
}

TEST(Verify, accepts_a_program_that_is_right) {
  Net net;
  const Status status = net.verify();
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_TRUE(verify(net.b.executable(net.chip), net.chip));
}

TEST(Verify, names_the_instruction_and_shows_its_text) {
  Net net;
  net.program().instructions[Net::kLut].waits = {6};
  EXPECT_EQ(net.verify().error().message, "instruction 4: waits for instruction 6, which is not before it\n" +
                                              print(net.program().instructions[4], 4));
}

TEST(Verify, refuses_a_slice_that_the_chip_cannot_give) {
  EXPECT_EQ(error_after([](Net& n) { n.chip.cores = 1; }), "a slice of 2 cores; 'small' has 1");
  EXPECT_EQ(error_after([](Net& n) { n.program().sram_bytes.pop_back(); }),
            "gives scratch for 1 cores, the slice has 2");
  EXPECT_EQ(error_after([](Net& n) { n.program().sram_bytes[1] = (1 << 20) + 1; }),
            "1048577 bytes of scratch in the SRAM of core 1, which has 1048576");
  EXPECT_EQ(error_after([](Net& n) { n.program().dram_bytes = (8 << 20) + 1; }),
            "8388609 bytes of scratch in DRAM, the slice's share is 8388608");
  EXPECT_EQ(error_after([](Net& n) {
              n.chip.cores = 4;
              n.program().dram_bytes = (4 << 20) + 1;
            }),
            "4194305 bytes of scratch in DRAM, the slice's share is 4194304");
  EXPECT_EQ(error_after([](Net& n) { n.program().batch = 0; }), "batch 0; allowed: 1 to 65536");
  EXPECT_EQ(error_after([](Net& n) { n.program().instructions[1].core = 2; }),
            "instruction 1: runs on core 2 of a slice of 2");
}

TEST(Verify, refuses_tensors_that_do_not_fit_beside_each_other) {
  EXPECT_EQ(error_after([](Net& n) { n.program().inputs[0].name = ""; }),
            "a tensor's name has 0 bytes; allowed: 1 to 4096");
  EXPECT_EQ(error_after([](Net& n) { n.program().outputs[0].offset = 192; }),
            "'scores' lies at host+0xc0; the next free multiple of 64 is 0x100");
  EXPECT_EQ(error_after([](Net& n) { n.program().outputs.push_back(n.program().outputs[0]); }),
            "two tensors are named 'scores'");
  EXPECT_EQ(error_after([](Net& n) { n.program().inputs[0].shape = {1, 1 << 30, 1 << 20}; }),
            "'image' has 1125899906842624 elements, the limit is 1099511627776");
  EXPECT_EQ(error_after([](Net& n) { n.program().inputs[0].shape = {-1}; }),
            "shape [-1] has a negative dimension");
}

TEST(Verify, refuses_residences_that_lie_badly) {
  EXPECT_EQ(
      error_after([](Net& n) { n.program().residences[0].bytes -= 1; }),
      "constants [0x0, 0x67f) at dram+0x0: offsets and size must be multiples of 64, and the size not 0");
  EXPECT_EQ(error_after([](Net& n) { n.program().residences[0].bytes += 64; }),
            "constants [0x0, 0x6c0) at dram+0x0: outside of the 1664 bytes of constants");
  EXPECT_EQ(error_after([](Net& n) { n.program().residences[0].offset = 8 << 20; }),
            "constants [0x0, 0x680) at dram+0x800000: that memory has 8388608 bytes for the slice");
  EXPECT_EQ(error_after([](Net& n) { n.program().residences[0].space = Space::kSram; }),
            "constants [0x0, 0x680) at sram[0]+0x0: overlaps the 2624 bytes of scratch there");
  EXPECT_EQ(error_after([](Net& n) {
              n.program().residences[0].space = Space::kSram;
              n.program().residences[0].core = 7;
            }),
            "constants [0x0, 0x680) at sram[7]+0x0: the slice has 2 cores");
  EXPECT_EQ(error_after([](Net& n) { n.program().residences[0].space = Space::kHost; }),
            "constants [0x0, 0x680) at host+0x0: constants can live in SRAM or DRAM only");
  EXPECT_EQ(error_after([](Net& n) { n.program().residences.push_back({0, 64, Space::kDram, 0, 64}); }),
            "constants [0x0, 0x680) at dram+0x0 overlaps constants [0x0, 0x40) at dram+0x40");
}

TEST(Verify, refuses_what_lies_outside_of_the_slice) {
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Copy>(0).destination.at.offset = 2624; }),
      "instruction 0: writes u8[1,8,8,4] @ sram[0]+0xa40 /256,32,4,1, which ends at 0xb40, outside of the "
      "0xa40 bytes there");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).destination.at.offset = ~std::uint64_t{0} - 100; }),
            "instruction 0: writes u8[1,8,8,4] @ sram[0]+0xffffffffffffff9b /256,32,4,1, which ends at "
            "0xffffffffffffff9b, outside of the 0xa40 bytes there");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).destination.at.core = 3; }),
            "instruction 0: writes u8[1,8,8,4] @ sram[3]+0x0 /256,32,4,1; the slice has 2 cores");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Copy>(0).destination.at = {Space::kDram, 0, 0}; }),
      "instruction 0: writes u8[1,8,8,4] @ dram+0x0 /256,32,4,1, which ends at 0x100, outside of the 0x0 "
      "bytes there");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Copy>(0).source.at.offset = 64; }),
      "instruction 0: reads u8[1,8,8,4] @ host+0x40 /256,32,4,1, which does not lie inside of one input or "
      "output");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Lut>(Net::kLut).table.offset = 1664 - 192; }),
      "instruction 4: reads u8[1,1,1,256] @ const+0x5c0 /256,256,256,1, which ends at 0x6c0, outside of the "
      "0x680 bytes of constants");
  EXPECT_EQ(
      error_after([](Net& n) { n.program().residences[0].bytes = 64; }),
      "instruction 1: reads i8[1,1,16,36] @ const+0x0 /576,576,36,1, which no residence puts whole into a "
      "memory of the slice");
}

TEST(Verify, refuses_writes_to_constants_and_inputs) {
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).destination.at = {Space::kConstant, 0, 0}; }),
            "instruction 0: writes u8[1,8,8,4] @ const+0x0 /256,32,4,1; constants are read only");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(Net::kCopyOut).destination.at.offset = 0; }),
            "instruction 7: writes f32[1,1,1,32] @ host+0x0 /128,128,128,4, an input; inputs are read only");
}

TEST(Verify, refuses_what_the_engines_cannot_reach) {
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Conv>(1).input = n.op<Copy>(0).source; }),
      "instruction 1: the tensor engine of core 0 can't reach host+0x0 on 'small': only the memory engine "
      "reaches the host's tensors");
  EXPECT_EQ(
      error_after([](Net& n) { n.chip.memory.engines_reach_dram = false; }),
      "instruction 1: the tensor engine of core 0 can't reach dram+0x0 on 'small': only the memory engine "
      "reaches DRAM");
  EXPECT_EQ(
      error_after([](Net& n) { n.chip.memory.engines_reach_other_cores = false; }),
      "instruction 2: the tensor engine of core 1 can't reach sram[0]+0x0 on 'small': only the memory engine "
      "reaches another core's SRAM");
  EXPECT_EQ(
      error_after([](Net& n) { n.chip.memory.ring_bytes_per_second = 0; }),
      "instruction 2: the tensor engine of core 1 can't reach sram[0]+0x0 on 'small': its cores don't reach "
      "each other's SRAM");
}

TEST(Verify, refuses_formats_that_the_chip_lacks) {
  EXPECT_EQ(error_after([](Net& n) { n.chip.tensor.u8.reset(); }),
            "instruction 1: 'small' has no u8 tensor engine");
  EXPECT_EQ(error_after([](Net& n) { n.chip.vector.u8_lanes = 0; }),
            "instruction 3: 'small' has no u8 lanes in its vector engine");
  EXPECT_EQ(error_after([](Net& n) { n.chip.vector.f32_lanes = 0; }),
            "instruction 5: 'small' has no f32 lanes in its vector engine");
  Net net;
  net.chip.tensor.u8.reset();
  EXPECT_EQ(net.verify().error().code, Code::kUnsupported);
}

TEST(Verify, refuses_waits_that_do_not_point_back_in_order) {
  EXPECT_EQ(error_after([](Net& n) { n.program().instructions[1].waits = {1}; }),
            "instruction 1: waits for instruction 1, which is not before it");
  EXPECT_EQ(error_after([](Net& n) { n.program().instructions[3].waits = {2, 1}; }),
            "instruction 3: its waits are not in ascending order: 2 before 1");
  EXPECT_EQ(error_after([](Net& n) { n.program().instructions[3].waits = {1, 1, 2}; }),
            "instruction 3: its waits are not in ascending order: 1 before 1");
}

TEST(Verify, refuses_races) {
  EXPECT_EQ(
      error_after([](Net& n) { n.program().instructions[Net::kConv1].waits = {}; }),
      "instruction 2: reads u8[1,8,8,4] @ sram[0]+0x0 /256,32,4,1, which instruction 0 writes, with no order "
      "between the two");
  EXPECT_EQ(
      error_after([](Net& n) { n.program().instructions[Net::kPool].waits = {1}; }),
      "instruction 3: reads u8[1,8,8,32] @ sram[0]+0x100 /2048,256,32,1, which instruction 2 writes, with no "
      "order between the two");
  // One channel further, the two halves of the maps meet.
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(Net::kConv1).output.at.offset -= 1; }),
            "instruction 2: writes u8[1,8,8,16] @ sram[0]+0x10f /2048,256,32,1, which instruction 1 writes, "
            "with no "
            "order between the two");
  EXPECT_EQ(
      error_after([](Net& n) {
        n.op<Copy>(Net::kCopyOut).destination = n.op<Copy>(Net::kCopyIn).destination;
        n.op<Copy>(Net::kCopyOut).source = n.op<Copy>(Net::kCopyIn).source;
        n.program().instructions[Net::kCopyOut].waits = {1};
      }),
      "instruction 7: writes u8[1,8,8,4] @ sram[0]+0x0 /256,32,4,1, which instruction 2 reads, with no order "
      "between the two");
}

TEST(Verify, refuses_reads_of_what_nobody_wrote) {
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(Net::kConv1).output.shape[3] = 15; }),
            "instruction 3: reads u8[1,8,8,32] @ sram[0]+0x100 /2048,256,32,1, not all of which an earlier "
            "instruction wrote");
  EXPECT_EQ(
      error_after([](Net& n) {
        n.op<Copy>(Net::kCopyIn).destination.shape[1] = 7;
        n.op<Copy>(Net::kCopyIn).source.shape[1] = 7;
      }),
      "instruction 1: reads u8[1,8,8,4] @ sram[0]+0x0 /256,32,4,1, not all of which an earlier instruction "
      "wrote");
}

TEST(Verify, refuses_outputs_that_are_not_whole) {
  EXPECT_EQ(error_after([](Net& n) {
              n.op<Copy>(Net::kCopyOut).destination.shape[3] = 31;
              n.op<Copy>(Net::kCopyOut).source.shape[3] = 31;
            }),
            "output 'scores' is not written in whole");
}

// The bytes behind the last channel, up to a multiple of 4, are read but never matter.
TEST(Verify, lets_conv_read_unwritten_bytes_between_channels) {
  ProgramBuilder b;
  const View image = b.input("image", DType::kU8, {1, 4, 4, 3});
  const View out = b.output("maps", DType::kU8, {1, 4, 4, 8});
  const View in = b.sram(0, DType::kU8, {1, 4, 4, 3}, 4);
  const View maps = b.sram(0, DType::kU8, {1, 4, 4, 8});
  b.add(Copy{image, in});
  b.add(b.conv_u8(in, maps), {0});
  b.add(Copy{maps, out}, {1});
  b.constants_in_sram(0);
  const ChipSpec chip = small_chip();
  EXPECT_TRUE(verify(b.program(), 1, b.constant_bytes(), chip));
  std::get<Conv>(b.program().instructions[1].operation).input.stride = {48, 12, 3, 1};
  EXPECT_NE(verify(b.program(), 1, b.constant_bytes(), chip)
                .error()
                .message.find("has pixels 3 bytes apart; 4, its channels rounded up to 4, are needed"),
            std::string::npos);
}

TEST(Verify, refuses_views_that_make_no_sense) {
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).source.shape[0] = 0; }),
            "instruction 0: source u8[0,8,8,4] @ host+0x0 /256,32,4,1 has a dimension of 0; allowed: 1 to "
            "16777216");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).source.stride[1] = -32; }),
            "instruction 0: source u8[1,8,8,4] @ host+0x0 /256,-32,4,1 has a stride of -32; allowed: 0 to "
            "35184372088832");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).destination.stride[1] = 0; }),
            "instruction 0: destination u8[1,8,8,4] @ sram[0]+0x0 /256,0,4,1 repeats an element; only inputs "
            "may have "
            "stride 0");
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).destination.stride[1] = 30; }),
            "instruction 0: destination u8[1,8,8,4] @ sram[0]+0x0 /256,30,4,1 has elements that overlap each "
            "other");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Softmax>(Net::kSoftmax).input.at.offset += 2; }),
      "instruction 6: input f32[1,1,1,32] @ sram[0]+0x942 /128,128,128,4 is not aligned to its element's 4 "
      "bytes");
  EXPECT_EQ(error_after([](Net& n) { n.op<Softmax>(Net::kSoftmax).input.stride[3] = 6; }),
            "instruction 6: input f32[1,1,1,32] @ sram[0]+0x940 /128,128,128,6 has a stride of 6, not a "
            "multiple of "
            "its element's 4 bytes");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Softmax>(Net::kSoftmax).input.stride[3] = 0; }),
      "instruction 6: input f32[1,1,1,32] @ sram[0]+0x940 /128,128,128,0 has an innermost stride of 0; its "
      "element's size, 4, is needed");
  EXPECT_EQ(error_after([](Net& n) {
              n.op<Copy>(0).source.shape = {1 << 20, 1 << 20, 8, 4};
              n.op<Copy>(0).source.stride = {0, 0, 4, 1};
            }),
            "instruction 0: source u8[1048576,1048576,8,4] @ host+0x0 /0,0,4,1 has more than 1099511627776 "
            "elements");
}

TEST(Verify, refuses_operands_that_disagree) {
  EXPECT_EQ(error_after([](Net& n) { n.op<Copy>(0).source.dtype = DType::kI8; }),
            "instruction 0: source i8[1,8,8,4] @ host+0x0 /256,32,4,1 is i8; u8 is needed");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Copy>(0).source.shape[1] = 7; }),
      "instruction 0: source u8[1,7,8,4] @ host+0x0 /256,32,4,1 has another shape than output u8[1,8,8,4] @ "
      "sram[0]+0x0 /256,32,4,1");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).input.dtype = DType::kI8; }),
            "instruction 1: input i8[1,8,8,4] @ sram[0]+0x0 /256,32,4,1 is i8; u8 or f32 is needed");
  EXPECT_EQ(error_after([](Net& n) { n.op<Lut>(Net::kLut).input.dtype = DType::kBool; }),
            "instruction 4: looks up bool; u8 or i8 is needed");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Convert>(Net::kConvert).output.dtype = DType::kF16; }),
      "instruction 5: converts u8 to f16; known: f32 to and from u8, i8, i16, i32, i64, bool, f16 and bf16, "
      "and between u8, i8, i16, i32 and i64");
  EXPECT_EQ(error_after([](Net& n) {
              Convert& op = n.op<Convert>(Net::kConvert);
              op = Convert{n.b.sram(0, DType::kI64, {1, 1, 1, 32}), op.output, 1, 3};
            }),
            "instruction 5: zero_point is 3; converting i64 to f32 takes 0");
  EXPECT_EQ(error_after([](Net& n) { n.op<Lut>(Net::kLut).table.offset += 4; }),
            "instruction 4: table at const+0x584 is not at a multiple of 64");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).weights.offset = 1; }),
            "instruction 1: weights at const+0x1 is not at a multiple of 64");
}

/// What verify says of one convolution between the two formats.
std::string error_of_conv(DType from, DType to, const std::function<void(Conv&)>& change = {}) {
  ProgramBuilder b;
  const View image = b.input("x", from, {1, 4, 4, 4}), result = b.output("y", to, {1, 4, 4, 16});
  const View in = b.sram(0, from, image.shape), sums = b.sram(0, to, result.shape);
  Conv conv = b.conv_u8(in, sums);
  if (change) change(conv);
  b.add(Copy{image, in});
  b.add(conv, {0});
  b.add(Copy{sums, result}, {1});
  b.constants_in_dram();
  const Status status = verify(b.program(), 1, b.constant_bytes(), small_chip());
  return status ? "" : status.error().message.substr(0, status.error().message.find('\n'));
}

TEST(Verify, lets_a_convolution_of_bytes_store_floats) {
  EXPECT_EQ(error_of_conv(DType::kU8, DType::kF32), "");
  EXPECT_EQ(error_of_conv(DType::kU8, DType::kF32, [](Conv& c) { c.epilogue.inner = InnerQuantise{}; }),
            "instruction 1: an inner quantiser on f32; it is defined for u8 only");
  EXPECT_EQ(error_of_conv(DType::kU8, DType::kF32, [](Conv& c) { c.epilogue.scale.space = Space::kHost; }),
            error_of_conv(DType::kU8, DType::kU8, [](Conv& c) { c.epilogue.scale.space = Space::kHost; }));
  EXPECT_EQ(error_of_conv(DType::kF32, DType::kU8),
            "instruction 1: output u8[1,4,4,16] @ sram[0]+0x100 /256,64,16,1 is u8; f32 is needed");
  EXPECT_EQ(error_of_conv(DType::kU8, DType::kI32),
            "instruction 1: output i32[1,4,4,16] @ sram[0]+0x40 /1024,256,64,4 is i32; u8 is needed");
}

TEST(Verify, refuses_numbers_that_make_no_sense) {
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).window.stride_h = 0; }),
            "instruction 1: window has kernel 3, stride 0, dilation 1 along its height; allowed: 1 to 4096");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).window.pad_left = -(1 << 30); }),
            "instruction 1: window reaches 9 places with padding -1073741824 along its width; the limit is "
            "268435456");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).epilogue.low = std::numeric_limits<float>::quiet_NaN(); }),
            "instruction 1: clamps to [nan, inf]; low must be at most high");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).epilogue.output_zero_point = 256; }),
            "instruction 1: output_zero_point is 256; allowed: 0 to 255");
  EXPECT_EQ(error_after([](Net& n) { n.op<Conv>(1).epilogue.inner = InnerQuantise{-1, 1}; }),
            "instruction 1: the inner zero_point is -1; allowed: 0 to 255");
  EXPECT_EQ(error_after([](Net& n) { n.op<Pool>(Net::kPool).scale = kInfinity; }),
            "instruction 3: scale is inf; a finite number is needed");
}

TEST(Verify, refuses_operations_over_their_own_input) {
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Softmax>(Net::kSoftmax).output = n.op<Softmax>(Net::kSoftmax).input; }),
      "instruction 6: writes f32[1,1,1,32] @ sram[0]+0x940 /128,128,128,4 over its own input f32[1,1,1,32] @ "
      "sram[0]+0x940 /128,128,128,4");
  EXPECT_EQ(
      error_after([](Net& n) { n.op<Lut>(Net::kLut).input.at.offset -= 1; }),
      "instruction 4: writes u8[1,1,1,32] @ sram[0]+0x900 /32,32,32,1 over its own input u8[1,1,1,32] @ "
      "sram[0]+0x8ff /32,32,32,1");
}

TEST(Verify, refuses_executables_whose_parts_disagree) {
  const auto error = [](const std::function<void(Executable&)>& change) {
    Net net;
    Executable executable = net.b.executable(net.chip);
    executable.programs.push_back(executable.programs[0]);
    executable.programs[1].batch = 2;
    EXPECT_TRUE(verify(executable, net.chip));
    change(executable);
    const Status status = verify(executable, net.chip);
    return status ? "" : status.error().message.substr(0, status.error().message.find('\n'));
  };
  EXPECT_EQ(error([](Executable& e) { e.chip = "big"; }),
            "executable: compiled for chip 'big' with digest 000000000000, but this is 'small' with digest "
            "000000000000; compile the model again");
  EXPECT_EQ(error([](Executable& e) { e.chip_digest.bytes[0] = 0xab; }),
            "executable: compiled for chip 'small' with digest ab0000000000, but this is 'small' with digest "
            "000000000000; compile the model again");
  EXPECT_EQ(error([](Executable& e) { e.programs.clear(); }),
            "executable: has no program; one or more are needed");
  EXPECT_EQ(error([](Executable& e) { e.programs[1].batch = 1; }),
            "executable: its programs are not in ascending order of batch: 1 before 1");
  EXPECT_EQ(error([](Executable& e) { e.programs[1].inputs[0].name = "other"; }),
            "executable: the program for batch 2 has other inputs than the first; all must agree in names "
            "and element "
            "types");
  EXPECT_EQ(
      error([](Executable& e) { e.programs[1].residences[0].offset = 64; }),
      "executable: the program for batch 2 keeps its constants elsewhere than the first; all must agree");
  EXPECT_EQ(error([](Executable& e) { e.programs[0].instructions[3].layer = 1; }),
            "executable: instruction 3: belongs to layer 1, but there are 1");
  EXPECT_EQ(error([](Executable& e) { e.programs[1].instructions[3].waits = {1}; }).substr(0, 37),
            "program for batch 2: instruction 3: r");
}

}  // namespace
}  // namespace chengying::isa
