// Small valid files of foreign formats, made with their own libraries.
#pragma once

#include <string>
#include <vector>

namespace chengying::fuzz {

/// A convolution with clip and pooling, and a QDQ matrix product, as ONNX.
std::vector<std::string> onnx_models();
/// A JPEG and a PNG of a few pixels.
std::vector<std::string> small_images();

}  // namespace chengying::fuzz
