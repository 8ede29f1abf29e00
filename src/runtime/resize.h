// Resize: bilinear with antialiasing, the way Pillow does it: the triangle filter grows with the scale,
// 22-bit integer weights, first rows then columns, rounded to 8 bits after each. Integers only: the same
// bytes on every machine.
#pragma once

#include <cstdint>

#include "runtime/image.h"

namespace chengying::runtime {

/// A rectangle of pixels.
struct Box {
  std::int32_t left = 0, top = 0, width = 0, height = 0;
};

/// The part `box` of what `image` would be, resized to width x height; only that part is computed. Sizes >= 1
/// and the box inside (CHECKed).
Image resize_part(const Image& image, std::int32_t width, std::int32_t height, const Box& box);

}  // namespace chengying::runtime
