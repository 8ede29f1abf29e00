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
std::size_t conv_f32_index(const ConvWeightShape& shape, std::int32_t k, std::int32_t row, std::int32_t column,
                           std::int32_t c);
std::size_t depthwise_i8_index(std::int32_t window_places, std::int32_t c, std::int32_t place);
std::size_t depthwise_f32_index(std::int32_t window_places, std::int32_t c, std::int32_t place);

}  // namespace chengying::isa
