// LastStep: the width of the last quantiser's step in a QDQ model, and answers compared in it. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::peer {

/// Scale of the last QuantizeLinear before the model's Softmax. kInvalidArgument if the model has none.
Result<float> last_step_of(const std::string& onnx);

/// Probabilities compared as the numbers that the softmax got, in steps: log(p) is such a number less one
/// that is the same for all classes, and that one is found as the median difference.
struct StepDifference {
  std::size_t equal = 0, within_one = 0, classes = 0;
};
StepDifference compare_in_steps(const Tensor& a, const Tensor& b, float step);

}  // namespace chengying::peer
