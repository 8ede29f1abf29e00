// Packing: how weights lie in constants, so that every kernel reads them straight from the mapped file.
// The layout is part of the instruction set: it is the same on every chip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chengying::isa {

inline constexpr std::int32_t kChannelBlock = 16;  // output channels of a block
inline constexpr std::int32_t kReduceGroup = 4;    // u8 input channels of a group

/// Weights in the natural order [k][kernel_h][kernel_w][c] (output channel, row, column, input channel).
struct ConvWeightShape {
  std::int32_t k = 1, kernel_h = 1, kernel_w = 1, c = 1;
};

/// i8: [ceil(k/16)][kernel_h][kernel_w][ceil(c/4)][16][4]; what is missing is 0.
std::size_t packed_conv_i8_bytes(const ConvWeightShape& shape);
std::vector<std::int8_t> pack_conv_i8(std::span<const std::int8_t> weights, const ConvWeightShape& shape);
/// f32: [ceil(k/16)][kernel_h][kernel_w][c][16]
std::size_t packed_conv_f32_bytes(const ConvWeightShape& shape);
std::vector<float> pack_conv_f32(std::span<const float> weights, const ConvWeightShape& shape);

/// Depthwise, natural order [c][kernel_h][kernel_w]; i8: [ceil(c/16)][ceil(kernel_h*kernel_w/4)][16][4]
/// (groups of 4 places of the window in row-major order); f32: [ceil(c/16)][kernel_h*kernel_w][16].
std::size_t packed_depthwise_i8_bytes(std::int32_t c, std::int32_t window_places);
std::vector<std::int8_t> pack_depthwise_i8(std::span<const std::int8_t> weights, std::int32_t c,
                                           std::int32_t window_places);
std::size_t packed_depthwise_f32_bytes(std::int32_t c, std::int32_t window_places);
std::vector<float> pack_depthwise_f32(std::span<const float> weights, std::int32_t c,
                                      std::int32_t window_places);

/// Offset in elements of one natural weight inside of the packed array: what the scalar reference reads by.
std::size_t conv_i8_index(const ConvWeightShape& shape, std::int32_t k, std::int32_t row, std::int32_t column,
                          std::int32_t c);
std::size_t conv_f32_index(const ConvWeightShape& shape, std::int32_t k, std::int32_t row,
                           std::int32_t column, std::int32_t c);
std::size_t depthwise_i8_index(std::int32_t window_places, std::int32_t c, std::int32_t place);
std::size_t depthwise_f32_index(std::int32_t window_places, std::int32_t c, std::int32_t place);

/// Weights of GroupedMatMul in the natural order [n][k], of `bits` 4 or 8, stored with an offset so that none
/// is negative: [ceil(n/16)][k / per][16][4 bytes], per = 8 weights of 4 bits or 4 of 8 bits. Byte j of a
/// column holds weight j of its `per`, and of 4 bits also weight j + 4 in its high half. What is missing is
/// the offset (a weight of 0). k is a multiple of 8.
constexpr std::int32_t grouped_offset(std::int32_t bits) {
  return bits == 4 ? 8 : 128;
}
std::size_t packed_grouped_bytes(std::int32_t n, std::int32_t k, std::int32_t bits);
std::vector<std::byte> pack_grouped(std::span<const std::int8_t> weights, std::int32_t n, std::int32_t k,
                                    std::int32_t bits);
/// One weight, its offset still on it.
std::int32_t grouped_weight(const std::byte* packed, std::int32_t bits, std::int32_t k, std::int32_t n,
                            std::int32_t index);

}  // namespace chengying::isa
