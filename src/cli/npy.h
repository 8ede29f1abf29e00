// NumPy's .npy format: one tensor with its type and shape. Read and written: little-endian, C order, versions
// 1 to 3 (numpy.lib.format). Pure; any thread. Refusals say what the header holds and what is read.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::cli {

/// kInvalidArgument for broken or truncated bytes, kUnsupported for types and orders that are not read.
Result<Tensor> decode_npy(std::span<const std::byte> bytes);

/// Version 1, data aligned to 64 bytes. kUnsupported for bf16, which NumPy has no type for.
Result<std::vector<std::byte>> encode_npy(const Tensor& tensor);

}  // namespace chengying::cli
