// ONNX's TensorProto (.pb), the form of its test data: one named tensor. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "cli/named_tensor.h"

namespace chengying::cli {

/// Raw or typed data. kInvalidArgument for bytes that are no tensor, kUnsupported for strings, complex
/// numbers and data in another file.
Result<NamedTensor> decode_tensor_proto(std::span<const std::byte> bytes);

/// As raw data; the same tensor gives the same bytes.
std::vector<std::byte> encode_tensor_proto(const NamedTensor& named);

}  // namespace chengying::cli
