// request_shape: a request's tensors against an executable's signature. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cloud/cloud.h"
#include "isa/program.h"

namespace chengying::cloud {

/// The signature of an executable's programs; the leading dimension is -1 where it follows the batch.
Signature signature_of_executable(const isa::Executable& executable);

struct OrderedInputs {
  std::vector<Tensor> tensors;  // in the program's order
  std::int32_t batch = 1;
};
/// Puts the inputs in order and finds their batch. kInvalidArgument names the input, what it is and what the
/// model takes: unknown, missing or twice, another type, another shape, batches that differ or can't be
/// served.
Result<OrderedInputs> order_inputs(const isa::Executable& executable, const Signature& signature,
                                   std::vector<NamedTensor> inputs);

/// The arguments in the program's order. kInvalidArgument names the one that is missing, unknown or out of
/// its bounds.
Result<std::vector<std::int64_t>> order_arguments(const Signature& signature, const Arguments& arguments);
/// As receipts, quotes and records have them: "17,5".
std::string to_text(std::span<const std::int64_t> arguments);

}  // namespace chengying::cloud
