// Moves: the operators that compute nothing (concatenation, slices, transposition, padding, enlargement) on
// tensors of any element type and rank. Element by element, by index arithmetic alone.
#pragma once

#include <span>
#include <vector>

#include "compiler/graph/graph.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

/// Rows of x [outer, rows, inner] by i32 or i64 numbers; zeros where a number names none.
Tensor gathered(const Tensor& x, const Tensor& numbers, const Shape& shape);
Tensor concatenated(std::span<const Tensor* const> parts, std::int32_t axis, const Shape& shape);
Tensor transposed(const Tensor& input, std::span<const std::int32_t> permutation);
Tensor sliced(const Tensor& input, const SliceNode& slice, const Shape& shape);
/// `fill` are the bytes of one element.
Tensor padded(const Tensor& input, std::span<const std::int64_t> before, const Shape& shape,
              std::span<const std::byte> fill);
Tensor upsampled(const Tensor& input, const UpsampleNode& upsample, const Shape& shape);
/// Repeats dimensions of 1 to `shape`, which has the input's rank.
Tensor broadcasted(const Tensor& input, const Shape& shape);

}  // namespace chengying::compiler
