// Tensors as JSON arrays: flat in row-major order, or nested as the shape says. FP32 and FP64 that are not
// finite are the strings "NaN", "Infinity" and "-Infinity". Pure; any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::doors {

/// True for the types that JSON can carry: all but FP16 and BF16.
bool json_carries(DType dtype);

/// The count of elements was checked to be plausible by the caller. Errors name the element: "data[17] ...".
Result<Tensor> tensor_from_json(DType dtype, const Shape& shape, const boost::json::array& data);

/// Appends "[1,2.5,...]", flat. CHECKs json_carries.
void append_json(std::string& out, const Tensor& tensor);

}  // namespace chengying::doors
