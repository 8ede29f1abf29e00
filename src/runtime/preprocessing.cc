#include "runtime/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "runtime/resize.h"

namespace chengying::runtime {
namespace {

/// Half of a difference, ties to the even number: where other toolkits put the middle.
std::int32_t half_of(std::int32_t difference) {
  return static_cast<std::int32_t>(std::nearbyint(difference / 2.0));
}

/// Height and width after the resize. The long side is kept within the i32 range: sides are limited when
/// decoded.
Extent resized(const Image& image, const Preprocessing& preprocessing) {
  if (preprocessing.resize) return *preprocessing.resize;
  if (!preprocessing.resize_short_side) return {image.height, image.width};
  const std::int64_t target = *preprocessing.resize_short_side;
  const std::int64_t short_side = std::min(image.width, image.height);
  const auto scale = [&](std::int64_t side) { return static_cast<std::int32_t>(target * side / short_side); };
  return {scale(image.height), scale(image.width)};
}

/// value of each pixel byte, for each channel of the tensor.
std::array<std::array<float, 256>, 3> tables_of(const Preprocessing& preprocessing) {
  std::array<std::array<float, 256>, 3> tables{};
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t pixel = 0; pixel < 256; ++pixel)
      tables[c][pixel] =
          (static_cast<float>(pixel) * preprocessing.scale - preprocessing.mean[c]) / preprocessing.std[c];
  return tables;
}

/// Writes value(channel, pixel byte) for each channel of each pixel in the tensor's layout.
template <class T, class Value>
void fill(const Image& image, const Preprocessing& preprocessing, std::span<T> to, const Value& value) {
  const std::size_t pixels = image.rgb.size() / 3;
  const std::size_t pixel_step = preprocessing.channels_first ? 1 : 3;
  const std::size_t channel_step = preprocessing.channels_first ? pixels : 1;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::uint8_t* from = image.rgb.data() + (preprocessing.bgr ? 2 - c : c);
    for (std::size_t i = 0; i < pixels; ++i) to[c * channel_step + i * pixel_step] = value(c, from[3 * i]);
  }
}

}  // namespace

Shape shape_of(const Preprocessing& preprocessing) {
  const Extent size = preprocessing.crop ? *preprocessing.crop : preprocessing.resize.value_or(Extent{});
  if (preprocessing.channels_first) return {1, 3, size.height, size.width};
  return {1, size.height, size.width, 3};
}

Result<Tensor> preprocess(const Image& image, const Preprocessing& preprocessing) {
  CHECK(preprocessing.crop || preprocessing.resize);
  const Extent size = resized(image, preprocessing);
  const Extent crop = preprocessing.crop.value_or(size);
  if (crop.width > size.width || crop.height > size.height)
    return fail(Code::kInvalidArgument,
                "the image is {} x {} when it is to be cropped to {} x {}; send a larger one", size.width,
                size.height, crop.width, crop.height);
  const Box box{half_of(size.width - crop.width), half_of(size.height - crop.height), crop.width,
                crop.height};
  const Image part = resize_part(image, size.width, size.height, box);

  Tensor tensor(preprocessing.dtype, shape_of(preprocessing));
  if (preprocessing.dtype == DType::kU8) {
    fill(part, preprocessing, tensor.as<std::uint8_t>(),
         [](std::size_t, std::uint8_t pixel) { return pixel; });
  } else {
    const auto tables = tables_of(preprocessing);
    fill(part, preprocessing, tensor.as<float>(),
         [&](std::size_t c, std::uint8_t pixel) { return tables[c][pixel]; });
  }
  return tensor;
}

}  // namespace chengying::runtime
