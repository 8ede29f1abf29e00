// Preprocessing: what a model wants done with a photograph before it sees it: resize, crop, order, range. A
// value with a text form (JSON) that travels in the executable's metadata under kPreprocessingKey. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/image.h"
#include "tensor/tensor.h"

namespace chengying::runtime {

/// The key of Executable::metadata that holds the JSON text.
inline constexpr std::string_view kPreprocessingKey = "preprocessing";

struct Extent {
  std::int32_t height = 0, width = 0;
  bool operator==(const Extent&) const = default;
};

/// In this order: resize; crop around the centre; value = (pixel * scale - mean) / std, each channel its own;
/// layout.
struct Preprocessing {
  std::optional<std::int32_t> resize_short_side;  // "resize": 256   the other side follows, rounded down
  std::optional<Extent> resize;                   // "resize": [256, 341]   height, width
  std::optional<Extent> crop;                     // "crop": 224 or [224, 224]
  bool channels_first = true;                     // "layout": "NCHW" (default) or "NHWC"
  bool bgr = false;                               // "color": "RGB" (default) or "BGR"
  float scale = 1.0F / 255;                       // "scale"
  std::array<float, 3> mean{0, 0, 0};             // "mean", "std": in the order of the tensor's channels
  std::array<float, 3> std{1, 1, 1};
  DType dtype = DType::kF32;  // "dtype": "f32" (default), or "u8": pixels as they are (scale 1)
  bool operator==(const Preprocessing&) const = default;
};

/// Strict: unknown keys and impossible values are refused, with the key. Either a crop or a fixed resize is
/// needed, so that the tensor's shape does not depend on the photograph.
Result<Preprocessing> parse_preprocessing(std::string_view json);
/// Parses to the same value; the same value gives the same text.
std::string to_json(const Preprocessing& preprocessing);

/// Shape of the tensor that preprocess gives: [1,3,h,w] or [1,h,w,3].
Shape shape_of(const Preprocessing& preprocessing);

/// A batch of one. kInvalidArgument if the photograph is smaller than the crop.
Result<Tensor> preprocess(const Image& image, const Preprocessing& preprocessing);

}  // namespace chengying::runtime
