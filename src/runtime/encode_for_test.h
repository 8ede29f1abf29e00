// Images as files, made by the tests themselves. Only for tests.
#pragma once

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/image.h"

namespace chengying::runtime {

inline std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// A picture in which every pixel differs from its neighbours.
inline Image pattern(std::int32_t width, std::int32_t height) {
  Image image{width, height, {}};
  for (std::int32_t y = 0; y < height; ++y)
    for (std::int32_t x = 0; x < width; ++x)
      for (std::int32_t c = 0; c < 3; ++c)
        image.rgb.push_back(static_cast<std::uint8_t>((x * 7 + y * 13 + c * 50 + x * y) % 256));
  return image;
}

inline std::vector<std::byte> encode_jpeg(const Image& image, int subsampling = TJSAMP_444,
                                          int quality = 95) {
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, image.rgb.data(), image.width, 0, image.height, TJPF_RGB, &data, &size,
                        subsampling, quality, 0),
            0);
  const auto* first = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(first, first + size);
  tjFree(data);
  tjDestroy(handle);
  return bytes;
}

/// Rows of samples as the format has them; depth 8 or 16 (big endian).
struct PngPicture {
  std::uint32_t width = 0, height = 0;
  int depth = 8, color_type = PNG_COLOR_TYPE_RGB;
  std::vector<std::uint8_t> samples;
  std::vector<png_color> palette;
  bool interlaced = false;
};

inline std::vector<std::byte> encode_png(const PngPicture& picture) {
  std::vector<std::byte> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto write = [](png_structp p, png_bytep data, std::size_t count) {
    auto* to = static_cast<std::vector<std::byte>*>(png_get_io_ptr(p));
    const auto* first = reinterpret_cast<const std::byte*>(data);
    to->insert(to->end(), first, first + count);
  };
  png_set_write_fn(png, &bytes, write, nullptr);
  png_set_IHDR(png, info, picture.width, picture.height, picture.depth, picture.color_type,
               picture.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!picture.palette.empty())
    png_set_PLTE(png, info, picture.palette.data(), static_cast<int>(picture.palette.size()));
  std::vector<png_bytep> rows(picture.height);
  std::vector<std::uint8_t> samples = picture.samples;
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = samples.data() + y * samples.size() / rows.size();
  png_set_rows(png, info, rows.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

inline std::vector<std::byte> encode_png(const Image& image) {
  return encode_png({static_cast<std::uint32_t>(image.width),
                     static_cast<std::uint32_t>(image.height),
                     8,
                     PNG_COLOR_TYPE_RGB,
                     image.rgb,
                     {},
                     false});
}

/// The JPEG with an EXIF segment behind its first marker that has only an orientation.
inline std::vector<std::byte> with_orientation(std::vector<std::byte> jpeg, int orientation,
                                               bool big_endian = true) {
  using namespace std::string_view_literals;
  std::vector<std::byte> segment = to_bytes("\xff\xe1\x00\x22"sv);  // APP1 of 34 bytes
  const auto exif = big_endian
                        ? "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x00\0\0\0\0\0\0"sv
                        : "Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x00\0\0\0\0\0\0\0"sv;
  const auto body = to_bytes(exif);
  segment.insert(segment.end(), body.begin(), body.end());
  constexpr std::size_t kValue =
      4 + 6 + 8 + 2 + 8;  // segment header, signature, TIFF header, count, entry so far
  segment[kValue + (big_endian ? 1 : 0)] = static_cast<std::byte>(orientation);
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

}  // namespace chengying::runtime
