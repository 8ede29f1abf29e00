// Rows: tensors put together and taken apart along their first dimension, the batch. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::cli {

/// All of `pieces` (at least one) one after another. kInvalidArgument if types or other dimensions differ.
Result<Tensor> join_rows(std::span<const Tensor> pieces);

/// Row `index` as a batch of one. The tensor has a first dimension larger than `index` (CHECKed).
Tensor row_of(const Tensor& tensor, std::size_t index);

/// `tensor` (a batch of one) `count` times.
Tensor repeat_row(const Tensor& tensor, std::int32_t count);

}  // namespace chengying::cli
