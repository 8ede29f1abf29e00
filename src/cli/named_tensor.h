// NamedTensor: a tensor and what its file calls it; the name is empty where the format has none. A value.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace chengying::cli {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace chengying::cli
