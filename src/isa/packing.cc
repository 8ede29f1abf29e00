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

namespace {

/// The byte of weight `index` of output channel n, and how far up its bits are.
struct GroupedPlace {
  std::size_t byte = 0;
  int shift = 0;
};
GroupedPlace grouped_place(std::int32_t bits, std::int32_t k, std::int32_t n, std::int32_t index) {
  const std::int32_t per = bits == 4 ? 2 * kReduceGroup : kReduceGroup, inside = index % per;
  const auto line = static_cast<std::size_t>(n / kChannelBlock) * static_cast<std::size_t>(k / per) +
                    static_cast<std::size_t>(index / per);
  const std::size_t column = line * kChannelBlock + static_cast<std::size_t>(n % kChannelBlock);
  return {column * kReduceGroup + static_cast<std::size_t>(inside % kReduceGroup), inside / kReduceGroup * 4};
}

}  // namespace

std::size_t packed_grouped_bytes(std::int32_t n, std::int32_t k, std::int32_t bits) {
  const auto blocks = static_cast<std::size_t>((n + kChannelBlock - 1) / kChannelBlock);
  return blocks * kChannelBlock * static_cast<std::size_t>(k) * static_cast<std::size_t>(bits) / 8;
}

std::vector<std::byte> pack_grouped(std::span<const std::int8_t> weights, std::int32_t n, std::int32_t k,
                                    std::int32_t bits) {
  const std::int32_t offset = grouped_offset(bits);
  const auto nothing = static_cast<std::byte>(bits == 4 ? offset * 17 : offset);
  std::vector<std::byte> packed(packed_grouped_bytes(n, k, bits), nothing);
  const auto mask = static_cast<std::byte>(bits == 4 ? 15 : 255);
  for (std::int32_t channel = 0; channel < n; ++channel) {
    for (std::int32_t i = 0; i < k; ++i) {
      const std::int32_t weight = weights[static_cast<std::size_t>(channel) * static_cast<std::size_t>(k) +
                                          static_cast<std::size_t>(i)];
      const GroupedPlace place = grouped_place(bits, k, channel, i);
      std::byte& byte = packed[place.byte];
      byte = (byte & ~(mask << place.shift)) | (static_cast<std::byte>(weight + offset) & mask)
                                                   << place.shift;
    }
  }
  return packed;
}

std::int32_t grouped_weight(const std::byte* packed, std::int32_t bits, std::int32_t k, std::int32_t n,
                            std::int32_t index) {
  const GroupedPlace place = grouped_place(bits, k, n, index);
  return static_cast<std::int32_t>(packed[place.byte] >> place.shift) & (bits == 4 ? 15 : 255);
}

}  // namespace chengying::isa
