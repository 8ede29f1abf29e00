#include "runtime/image.h"

#include <algorithm>
#include <array>

#include "runtime/image_codecs.h"

namespace chengying::runtime {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::span<const unsigned char> magic) {
  return bytes.size() >= magic.size() &&
         std::ranges::equal(bytes.first(magic.size()), magic, [](std::byte a, unsigned char b) {
           return std::to_integer<unsigned char>(a) == b;
         });
}

}  // namespace

ImageFormat image_format_of(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 3> kJpegMagic{0xff, 0xd8, 0xff};
  constexpr std::array<unsigned char, 8> kPngMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (starts_with(bytes, kJpegMagic)) return ImageFormat::kJpeg;
  if (starts_with(bytes, kPngMagic)) return ImageFormat::kPng;
  return ImageFormat::kUnknown;
}

Result<Image> decode_image(std::span<const std::byte> bytes, const ImageLimits& limits) {
  if (bytes.empty()) return fail(Code::kInvalidArgument, "the image has no bytes");
  if (bytes.size() > limits.bytes)
    return fail(Code::kTooLarge, "the image file has {} bytes, at most {} are taken", bytes.size(),
                limits.bytes);
  switch (image_format_of(bytes)) {
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, limits);
    case ImageFormat::kPng:
      return decode_png(bytes, limits);
    case ImageFormat::kUnknown:
      break;
  }
  return fail(Code::kUnsupported, "the bytes are neither a JPEG nor a PNG image");
}

Status check_size(std::int64_t width, std::int64_t height, const ImageLimits& limits) {
  if (width < 1 || height < 1)
    return fail(Code::kInvalidArgument, "the image is {} x {}: it has no pixels", width, height);
  if (width > limits.side || height > limits.side)
    return fail(Code::kTooLarge, "the image is {} x {}, at most {} on a side are taken", width, height,
                limits.side);
  if (width * height > limits.pixels)
    return fail(Code::kTooLarge, "the image is {} x {} = {} pixels, at most {} are taken", width, height,
                width * height, limits.pixels);
  return {};
}

}  // namespace chengying::runtime
