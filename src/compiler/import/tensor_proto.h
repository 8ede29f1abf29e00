// TensorProto -> Tensor: every way that ONNX has to write a tensor's elements, checked against its shape.
// 16-bit floats become f32, which holds them exactly; f64 becomes f32 by rounding to nearest.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "compiler/import/external_data.h"
#include "tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace chengying::compiler {

/// Our element type for ONNX's number; kUnsupported for those that we lack (strings, complex, 8-bit floats).
Result<DType> dtype_of_onnx(std::int32_t type, std::string_view what);
/// The type in which the importer holds such a tensor: f16, bf16, f64 -> f32.
DType held_as(DType dtype);

/// `name` is used in messages.
Result<std::shared_ptr<const Tensor>> tensor_of_proto(const onnx::TensorProto& proto, std::string_view name,
                                                      ExternalData& external);

}  // namespace chengying::compiler
