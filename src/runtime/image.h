// Image: photographs from untrusted bytes: JPEG (libjpeg-turbo) and PNG (libpng) to RGB, 8 bits a channel,
// upright (the EXIF orientation is applied). Pure; any thread. Every refusal says what was wrong with the
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chengying::runtime {

/// Rows from the top, pixels from the left, each R, G, B; rgb.size() == width * height * 3.
struct Image {
  std::int32_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
  bool operator==(const Image&) const = default;
};

struct ImageLimits {
  std::size_t bytes = std::size_t{32} << 20;  // of the encoded file
  std::int64_t pixels = 64'000'000;
  std::int32_t side = 32768;
};

enum class ImageFormat : std::uint8_t { kUnknown, kJpeg, kPng };
/// By the first bytes alone.
ImageFormat image_format_of(std::span<const std::byte> bytes);

/// kTooLarge over a limit (checked on the header, before anything is decoded), kUnsupported for a colour
/// format that has no plain RGB (CMYK) or a file that is neither JPEG nor PNG, kInvalidArgument for broken or
/// truncated bytes. Grey becomes RGB, palettes are looked up, 16 bits are rounded to 8, transparency is
/// dropped.
Result<Image> decode_image(std::span<const std::byte> bytes, const ImageLimits& limits = {});

}  // namespace chengying::runtime
