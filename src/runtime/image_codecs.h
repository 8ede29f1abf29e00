// Codecs: the two image formats behind decode_image, a file for each. Limits were not checked yet; each
// checks the header's sizes before it decodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "runtime/image.h"

namespace chengying::runtime {

Result<Image> decode_jpeg(std::span<const std::byte> bytes, const ImageLimits& limits);
Result<Image> decode_png(std::span<const std::byte> bytes, const ImageLimits& limits);

/// Refuses sizes of zero and over the limits. Sizes as the header has them.
Status check_size(std::int64_t width, std::int64_t height, const ImageLimits& limits);

/// How the camera was held: the EXIF orientation of a JPEG, 1 (upright) to 8; 1 if there is none, or it is
/// broken.
int exif_orientation_of(std::span<const std::byte> jpeg);

/// The image as it looks when the orientation is applied.
Image upright(Image image, int orientation);

}  // namespace chengying::runtime
