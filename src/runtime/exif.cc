// EXIF: one number of it, the orientation. Untrusted bytes: whatever does not add up means "upright".
#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/image_codecs.h"

namespace chengying::runtime {
namespace {

using Bytes = std::span<const std::byte>;

std::optional<std::uint32_t> number_at(Bytes bytes, std::size_t offset, std::size_t size, bool big_endian) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = std::to_integer<std::uint32_t>(bytes[offset + (big_endian ? i : size - 1 - i)]);
    value = value << 8 | byte;
  }
  return value;
}

/// The TIFF structure inside of the APP1 segment, empty if there is none.
Bytes tiff_of(Bytes jpeg) {
  constexpr std::string_view kSignature{"Exif\0\0", 6};
  constexpr std::uint32_t kApp1 = 0xffe1, kStartOfScan = 0xffda;
  std::size_t at = 2;  // behind the start of image
  while (true) {
    const auto marker = number_at(jpeg, at, 2, true);
    const auto length = number_at(jpeg, at + 2, 2, true);  // counts itself
    if (!marker || !length || *marker < 0xff00 || *marker == kStartOfScan || *length < 2) return {};
    if (*length > jpeg.size() - (at + 2)) return {};
    const Bytes segment = jpeg.subspan(at + 4, *length - 2);
    if (*marker == kApp1 && segment.size() > kSignature.size() &&
        std::memcmp(segment.data(), kSignature.data(), kSignature.size()) == 0)
      return segment.subspan(kSignature.size());
    at += 2 + *length;
  }
}

}  // namespace

int exif_orientation_of(Bytes jpeg) {
  constexpr std::uint32_t kBigEndian = 0x4d4d, kLittleEndian = 0x4949, kMagic = 42;
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  constexpr std::size_t kEntryBytes = 12;
  const Bytes tiff = tiff_of(jpeg);
  const auto order = number_at(tiff, 0, 2, true);
  if (!order || (*order != kBigEndian && *order != kLittleEndian)) return 1;
  const bool big = *order == kBigEndian;
  const auto directory = number_at(tiff, 4, 4, big);
  if (number_at(tiff, 2, 2, big) != kMagic || !directory) return 1;
  const auto entries = number_at(tiff, *directory, 2, big);
  for (std::size_t i = 0; entries && i < *entries; ++i) {
    const std::size_t entry = *directory + 2 + i * kEntryBytes;
    if (number_at(tiff, entry, 2, big) != kOrientation) continue;
    const auto value = number_at(tiff, entry + 8, 2, big);
    const bool valid = number_at(tiff, entry + 2, 2, big) == kShort && value && *value >= 1 && *value <= 8;
    return valid ? static_cast<int>(*value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swaps = orientation >= 5;  // rows become columns
  // Where the stored first row and first column end up: 2 and 3, 7 and 8 start at the right, 3 and 4, 6 and 7
  // at the bottom; in terms of the stored image, a row or a column that is read backwards.
  const bool backwards_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool backwards_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image result{swaps ? image.height : image.width, swaps ? image.width : image.height, {}};
  result.rgb.resize(image.rgb.size());
  std::uint8_t* to = result.rgb.data();
  for (std::int32_t y = 0; y < result.height; ++y) {
    for (std::int32_t x = 0; x < result.width; ++x, to += 3) {
      const std::int32_t column = swaps ? y : x, row = swaps ? x : y;
      const std::size_t from_x = backwards_x ? image.width - 1 - column : column;
      const std::size_t from_y = backwards_y ? image.height - 1 - row : row;
      std::copy_n(image.rgb.data() + (from_y * static_cast<std::size_t>(image.width) + from_x) * 3, 3, to);
    }
  }
  return result;
}

}  // namespace chengying::runtime
