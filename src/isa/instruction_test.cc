// Accesses with exact extents, and the text of instructions and programs.
#include "isa/instruction.h"

#include <gtest/gtest.h>

#include "isa/program.h"
#include "isa/testing.h"

namespace chengying::isa {
namespace {

using testing::ProgramBuilder;

Conv example_conv() {
  ProgramBuilder b;
  const View in = b.sram(0, DType::kU8, {1, 5, 5, 3}, 4), out = b.sram(0, DType::kU8, {1, 5, 5, 20});
  Conv conv = b.conv_u8(in, out, {3, 3, 1, 1, 1, 1, 1, 1});
  conv.pad_value = 9;
  conv.epilogue.low = 0;
  conv.epilogue.output_zero_point = 3;
  return conv;
}

TEST(Accesses, of_u8_conv_round_channels_and_blocks_up) {
  Conv conv = example_conv();
  std::vector<Access> accesses = accesses_of(conv);
  ASSERT_EQ(accesses.size(), 5u);
  EXPECT_EQ(accesses[0].view.shape[3], 4);
  EXPECT_EQ(accesses[0].padding, 1);
  EXPECT_EQ(accesses[0].view.extent_bytes(), 100u);
  EXPECT_EQ(accesses[1].view.extent_bytes(), packed_conv_i8_bytes({20, 3, 3, 3}));
  EXPECT_EQ(accesses[2].view.extent_bytes(), 32u * 4);  // init, 20 channels rounded up to 32
  EXPECT_EQ(accesses[3].view.extent_bytes(), 32u * 4);  // scale
  EXPECT_TRUE(accesses[4].write);
  EXPECT_EQ(accesses[4].view, conv.output);
  conv.epilogue.residual = Residual{conv.output, 1, 0};
  EXPECT_EQ(accesses_of(conv).size(), 6u);
}

TEST(Accesses, of_f32_conv_have_no_scale_and_no_padding) {
  Conv conv = example_conv();
  conv.input = dense_view({}, DType::kF32, {1, 5, 5, 3}, 12);
  conv.output = dense_view({}, DType::kF32, {1, 5, 5, 20}, 80);
  const std::vector<Access> accesses = accesses_of(conv);
  ASSERT_EQ(accesses.size(), 4u);
  EXPECT_EQ(accesses[0].padding, 0);
  EXPECT_EQ(accesses[1].view.extent_bytes(), packed_conv_f32_bytes({20, 3, 3, 3}));
}

TEST(Accesses, of_depthwise_conv_are_packed_by_places) {
  DepthwiseConv conv;
  conv.input = dense_view({}, DType::kU8, {1, 5, 5, 20}, 20);
  conv.output = conv.input;
  conv.window = {3, 3, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(accesses_of(conv)[1].view.extent_bytes(), packed_depthwise_i8_bytes(20, 9));
  conv.input.dtype = conv.output.dtype = DType::kF32;
  EXPECT_EQ(accesses_of(conv)[1].view.extent_bytes(), packed_depthwise_f32_bytes(20, 9));
}

TEST(Accesses, reads_come_first_and_one_write_last) {
  for (const Operation& operation :
       {Operation(Pool{}), Operation(Binary{}), Operation(Unary{}), Operation(Lut{}), Operation(Convert{}),
        Operation(Softmax{}), Operation(Reduce{}), Operation(Copy{}), Operation(MatMul{}),
        Operation(Compare{}), Operation(Select{}), Operation(Gather{}), Operation(Scatter{}),
        Operation(TopK{}), Operation(Norm{}), Operation(Rotary{}), Operation(Resize{}), Operation(Sample{}),
        Operation(example_conv())}) {
    const std::vector<Access> accesses = accesses_of(operation);
    for (std::size_t i = 0; i < accesses.size(); ++i) EXPECT_EQ(accesses[i].write, i + 1 == accesses.size());
  }
}

TEST(Accesses, of_matmul_have_the_addend_if_there_is_one) {
  MatMul op;
  EXPECT_EQ(accesses_of(op).size(), 3u);
  op.addend = View{.at = {Space::kDram, 0, 64}, .dtype = DType::kF32};
  const std::vector<Access> accesses = accesses_of(op);
  ASSERT_EQ(accesses.size(), 4u);
  EXPECT_EQ(accesses[2].view, *op.addend);
}

TEST(Accesses, of_rows_by_number_touch_only_the_rows) {
  Gather gather;
  gather.data.shape = {1, 1000, 1, 8};
  gather.output.shape = gather.indices.shape = {1, 5, 1, 8};
  EXPECT_EQ(accesses_of(gather)[0].touched, 40);
  EXPECT_EQ(accesses_of(gather)[2].touched, std::nullopt);
  Scatter scatter;
  scatter.updates.shape = scatter.indices.shape = {1, 5, 1, 8};
  scatter.output.shape = {1, 1000, 1, 8};
  EXPECT_EQ(accesses_of(scatter)[2].touched, 0);  // what stays is not moved
  EXPECT_EQ(accesses_of(scatter)[3].touched, 40);
}

TEST(Accesses, of_a_resize_have_a_tap_for_each_output) {
  Resize op;
  op.output.shape = {1, 6, 7, 3};
  op.taps_h = 2;
  op.taps_w = 3;
  EXPECT_EQ(accesses_of(op)[1].view.extent_bytes(), 6u * 2 * 8);
  EXPECT_EQ(accesses_of(op)[2].view.extent_bytes(), 7u * 3 * 8);
}

TEST(Engines, products_are_tensor_copies_memory_and_the_rest_vector) {
  EXPECT_EQ(engine_of(Conv{}), Engine::kTensor);
  EXPECT_EQ(engine_of(DepthwiseConv{}), Engine::kTensor);
  EXPECT_EQ(engine_of(MatMul{}), Engine::kTensor);
  for (const Operation& operation : {Operation(Copy{}), Operation(Gather{}), Operation(Scatter{})})
    EXPECT_EQ(engine_of(operation), Engine::kMemory) << name_of(operation);
  for (const Operation& operation :
       {Operation(Pool{}), Operation(Binary{}), Operation(Unary{}), Operation(Lut{}), Operation(Convert{}),
        Operation(Softmax{}), Operation(Reduce{}), Operation(Compare{}), Operation(Select{}),
        Operation(TopK{}), Operation(Norm{}), Operation(Rotary{}), Operation(Resize{})})
    EXPECT_EQ(engine_of(operation), Engine::kVector) << name_of(operation);
}

TEST(Print, shows_each_field_that_matters) {
  EXPECT_EQ(
      print(Instruction{1, 7, {2, 3}, example_conv()}, 12),
      "   12 core1 tensor conv layer=7 waits=[2,3] in=u8[1,5,5,3] @ sram[0]+0x0 /100,20,4,1 out=u8[1,5,5,20] "
      "@ "
      "sram[0]+0x80 /500,100,20,1 weights=const+0x0 init=const+0x480 window=3x3/1x1 pad=1,1 pad_value=9 "
      "scale=const+0x500 low=0 zero=3");
  EXPECT_EQ(print(Instruction{0, 0, {}, Binary{}}, 0),
            "    0 core0 vector binary layer=0 kind=add a=u8[1,1,1,1] @ const+0x0 /0,0,0,0 b=u8[1,1,1,1] @ "
            "const+0x0 "
            "/0,0,0,0 out=u8[1,1,1,1] @ const+0x0 /0,0,0,0 a_zero=0 a_scale=1 b_zero=0 b_scale=1 zero=0");
  MatMul product;
  product.scale = 0.5f;
  product.high = 6;
  EXPECT_EQ(print(Instruction{0, 0, {}, product}, 0),
            "    0 core0 tensor matmul layer=0 a=u8[1,1,1,1] @ const+0x0 /0,0,0,0 b=u8[1,1,1,1] @ const+0x0 "
            "/0,0,0,0 out=u8[1,1,1,1] @ const+0x0 /0,0,0,0 a_zero=0 b_zero=0 scale=0.5 high=6 zero=0");
}

TEST(Print, of_a_program_is_one_instruction_a_line_under_its_layer) {
  ProgramBuilder b;
  const View in = b.input("x", DType::kF32, {1, 3}), out = b.output("y", DType::kF32, {1, 3});
  const View place = b.sram(0, DType::kF32, {1, 1, 1, 3});
  b.add(Copy{in, place});
  b.add(Unary{UnaryKind::kExp, place, place, 0, 0}, {0});
  b.layer(1).add(Copy{place, out}, {1});
  EXPECT_EQ(print(b.program(), {{"exp_1", "exp", 0}, {"out", "copy", 0}}),
            "program batch=1 dram=0 sram=[12] instructions=3\n"
            "input x f32[1,3] host+0x0\n"
            "output y f32[1,3] host+0x40\n"
            "# layer 0 exp_1 (exp)\n"
            "    0 core0 memory copy layer=0 from=f32[1,1,1,3] @ host+0x0 /12,12,12,4 to=f32[1,1,1,3] @ "
            "sram[0]+0x0 "
            "/12,12,12,4\n"
            "    1 core0 vector unary layer=0 waits=[0] kind=exp in=f32[1,1,1,3] @ sram[0]+0x0 /12,12,12,4 "
            "out=f32[1,1,1,3] @ sram[0]+0x0 /12,12,12,4\n"
            "# layer 1 out (copy)\n"
            "    2 core0 memory copy layer=1 waits=[1] from=f32[1,1,1,3] @ sram[0]+0x0 /12,12,12,4 "
            "to=f32[1,1,1,3] @ "
            "host+0x40 /12,12,12,4\n");
}

}  // namespace
}  // namespace chengying::isa
