#include "isa/packing.h"

#include "base/check.h"

namespace chengying::isa {
namespace {

std::size_t ceil_div(std::int32_t a, std::int32_t b) {
  return static_cast<std::size_t>((a + b - 1) / b);
}

std::size_t size(std::int32_t x) {
  return static_cast<std::size_t>(x);
}

/// Puts each natural weight, in natural order, to index(k, row, column, c) of an array of zeros.
template <class T, class Index>
std::vector<T> pack(std::span<const T> weights, const ConvWeightShape& s, std::size_t packed_elements,
                    Index index) {
  CHECK(s.k >= 1 && s.kernel_h >= 1 && s.kernel_w >= 1 && s.c >= 1);
  CHECK(weights.size() == size(s.k) * size(s.kernel_h) * size(s.kernel_w) * size(s.c));
  std::vector<T> packed(packed_elements);
  std::size_t natural = 0;
  for (std::int32_t k = 0; k < s.k; ++k) {
    for (std::int32_t row = 0; row < s.kernel_h; ++row) {
      for (std::int32_t column = 0; column < s.kernel_w; ++column) {
        for (std::int32_t c = 0; c < s.c; ++c) packed[index(k, row, column, c)] = weights[natural++];
      }
    }
  }
  return packed;
}

}  // namespace

std::size_t packed_conv_i8_bytes(const ConvWeightShape& s) {
  return ceil_div(s.k, kChannelBlock) * size(s.kernel_h) * size(s.kernel_w) * ceil_div(s.c, kReduceGroup) *
         kChannelBlock * kReduceGroup;
}

std::size_t conv_i8_index(const ConvWeightShape& s, std::int32_t k, std::int32_t row, std::int32_t column,
                          std::int32_t c) {
  std::size_t i = size(k / kChannelBlock);
  i = i * size(s.kernel_h) + size(row);
  i = i * size(s.kernel_w) + size(column);
  i = i * ceil_div(s.c, kReduceGroup) + size(c / kReduceGroup);
  i = i * kChannelBlock + size(k % kChannelBlock);
  return i * kReduceGroup + size(c % kReduceGroup);
}

std::vector<std::int8_t> pack_conv_i8(std::span<const std::int8_t> weights, const ConvWeightShape& s) {
  return pack(weights, s, packed_conv_i8_bytes(s),
              [&s](auto... place) { return conv_i8_index(s, place...); });
}

std::size_t packed_conv_f32_bytes(const ConvWeightShape& s) {
  return ceil_div(s.k, kChannelBlock) * size(s.kernel_h) * size(s.kernel_w) * size(s.c) * kChannelBlock *
         sizeof(float);
}

std::size_t conv_f32_index(const ConvWeightShape& s, std::int32_t k, std::int32_t row, std::int32_t column,
                           std::int32_t c) {
  std::size_t i = size(k / kChannelBlock);
  i = i * size(s.kernel_h) + size(row);
  i = i * size(s.kernel_w) + size(column);
  i = i * size(s.c) + size(c);
  return i * kChannelBlock + size(k % kChannelBlock);
}

std::vector<float> pack_conv_f32(std::span<const float> weights, const ConvWeightShape& s) {
  return pack(weights, s, packed_conv_f32_bytes(s) / sizeof(float),
              [&s](auto... place) { return conv_f32_index(s, place...); });
}

std::size_t packed_depthwise_i8_bytes(std::int32_t c, std::int32_t window_places) {
  return ceil_div(c, kChannelBlock) * ceil_div(window_places, kReduceGroup) * kChannelBlock * kReduceGroup;
}

std::size_t depthwise_i8_index(std::int32_t window_places, std::int32_t c, std::int32_t place) {
  std::size_t i = size(c / kChannelBlock);
  i = i * ceil_div(window_places, kReduceGroup) + size(place / kReduceGroup);
  i = i * kChannelBlock + size(c % kChannelBlock);
  return i * kReduceGroup + size(place % kReduceGroup);
}

std::vector<std::int8_t> pack_depthwise_i8(std::span<const std::int8_t> weights, std::int32_t c,
                                           std::int32_t window_places) {
  return pack(weights, {c, 1, 1, window_places}, packed_depthwise_i8_bytes(c, window_places),
              [&](std::int32_t channel, std::int32_t, std::int32_t, std::int32_t place) {
                return depthwise_i8_index(window_places, channel, place);
              });
}

std::size_t packed_depthwise_f32_bytes(std::int32_t c, std::int32_t window_places) {
  return ceil_div(c, kChannelBlock) * size(window_places) * kChannelBlock * sizeof(float);
}

std::size_t depthwise_f32_index(std::int32_t window_places, std::int32_t c, std::int32_t place) {
  return (size(c / kChannelBlock) * size(window_places) + size(place)) * kChannelBlock +
         size(c % kChannelBlock);
}

std::vector<float> pack_depthwise_f32(std::span<const float> weights, std::int32_t c,
                                      std::int32_t window_places) {
  return pack(weights, {c, 1, 1, window_places}, packed_depthwise_f32_bytes(c, window_places) / sizeof(float),
              [&](std::int32_t channel, std::int32_t, std::int32_t, std::int32_t place) {
                return depthwise_f32_index(window_places, channel, place);
              });
}

}  // namespace chengying::isa
