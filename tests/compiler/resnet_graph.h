// ResNet-50 in u8 with random weights, ready for lower(): a graph of real size without a model file.
#pragma once

#include <cstdint>

#include "compiler/emit.h"

namespace chengying::compiler::testing {

/// `width` scales the channels: 64 is ResNet-50 with 25.5 M weights, less is quicker to interpret.
BatchGraph resnet50(std::int32_t batch, std::int64_t width = 64, std::int64_t image = 224);

}  // namespace chengying::compiler::testing
