// Elements of constants as plain numbers, for what is computed while a model is imported.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tensor/tensor.h"

namespace chengying::compiler {

/// Elements of any constant as doubles. Integers beyond 2^53 don't occur in shapes.
std::vector<double> as_doubles(const Tensor& tensor);
/// Numbers as elements of a type: integers truncated and clamped to i64, truth values by != 0.
Tensor from_doubles(const std::vector<double>& values, DType dtype, const Shape& shape);
/// The first whole number of a tensor that f32 does not have; the ends of the types do not count, which
/// exporters write for "without bound".
std::optional<std::int64_t> inexact_in_f32(const Tensor& tensor);
Tensor integer_tensor(const std::vector<std::int64_t>& values, Shape shape);

}  // namespace chengying::compiler
