// LastQuantiser: a QDQ model cut where its last integers are, and such integers compared. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::peer {

/// The model with what its last QuantizeLinear writes as its only output, u8. kInvalidArgument if it has
/// none.
Result<std::string> cut_at_last_quantiser(const std::string& onnx);

struct StepDifference {
  std::size_t equal = 0, within_one = 0, elements = 0;
};
/// Two u8 tensors of the same shape, element by element, in steps of their quantiser.
StepDifference compare_steps(const Tensor& a, const Tensor& b);

}  // namespace chengying::peer
