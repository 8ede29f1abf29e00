#include <gtest/gtest.h>

#include "isa/packing.h"
#include "isa/testing.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

struct Weights {
  explicit Weights(const std::vector<std::int8_t>& packed) {
    const auto from = std::as_bytes(std::span(packed));
    bytes.resize(kOffset);
    bytes.insert(bytes.end(), from.begin(), from.end());
  }
  Status verify(const Operation& operation) {
    Executable executable;
    executable.constants = bytes;
    Program& program = executable.programs.emplace_back();
    program.instructions.resize(2);
    program.instructions[0].operation = program.instructions[1].operation = operation;
    return verify_padding(executable);
  }
  static constexpr std::size_t kOffset = 128;
  std::vector<std::byte> bytes;
};

/// 2x1 window, c channels to 17.
Conv conv_of(std::int32_t c, DType dtype = DType::kU8) {
  Conv conv;
  conv.input.dtype = dtype;
  conv.input.shape = {1, 2, 1, c};
  conv.output.dtype = DType::kU8;
  conv.output.shape = {1, 1, 1, 17};
  conv.window.kernel_h = 2;
  conv.weights.offset = Weights::kOffset;
  return conv;
}

std::vector<std::int8_t> packed_of(std::int32_t c) {
  const ConvWeightShape shape{17, 2, 1, c};
  return pack_conv_i8(std::vector<std::int8_t>(static_cast<std::size_t>(17 * 2 * c), -7), shape);
}

TEST(VerifyPadding, accepts_what_packing_makes) {
  for (std::int32_t c = 1; c <= 9; ++c)
    EXPECT_TRUE(Weights(packed_of(c)).verify(conv_of(c)).has_value()) << c;
  for (std::int32_t places : {1, 3, 9, 25}) {
    DepthwiseConv conv;
    conv.input.dtype = DType::kU8;
    conv.output.shape = {1, 1, 1, 17};
    conv.window.kernel_h = places;
    conv.weights.offset = Weights::kOffset;
    const std::vector<std::int8_t> natural(static_cast<std::size_t>(17 * places), 3);
    Weights weights(pack_depthwise_i8(natural, 17, places));
    EXPECT_TRUE(weights.verify(conv).has_value()) << places;
  }
}

TEST(VerifyPadding, refuses_any_other_byte_there_by_its_place) {
  for (const std::int32_t c : {1, 2, 3, 6}) {
    const std::vector<std::int8_t> right = packed_of(c);
    const ConvWeightShape shape{17, 2, 1, c};
    std::vector<bool> used(right.size(), false);
    for (std::int32_t k = 0; k < 17; ++k)
      for (std::int32_t row = 0; row < 2; ++row)
        for (std::int32_t i = 0; i < c; ++i) used[conv_i8_index(shape, k, row, 0, i)] = true;
    for (std::size_t at = 0; at < right.size(); ++at) {
      const bool in_group = at % 4 < static_cast<std::size_t>((c - 1) % 4 + 1) || (c > 4 && at / 64 % 2 == 0);
      Weights wrong(right);
      wrong.bytes[Weights::kOffset + at] = std::byte{5};
      const Status status = wrong.verify(conv_of(c));
      EXPECT_EQ(status.has_value(), in_group) << c << " " << at;
      EXPECT_FALSE(used[at] && !in_group);
      if (status) continue;
      EXPECT_TRUE(status.error().message.starts_with(fmt::format(
          "instruction 0: the packed weights have 5 at const+{:#x}, which pads a group of {}; it must be 0",
          Weights::kOffset + at, (c - 1) % 4 + 1)))
          << status.error().message;
    }
  }
}

TEST(VerifyPadding, asks_nothing_of_full_groups_and_of_f32) {
  Weights weights(std::vector<std::int8_t>(4096, 9));
  EXPECT_TRUE(weights.verify(conv_of(8)).has_value());
  EXPECT_TRUE(weights.verify(conv_of(3, DType::kF32)).has_value());
  EXPECT_FALSE(weights.verify(conv_of(3)).has_value());
}

}  // namespace
}  // namespace chengying::isa
