// Operators that compute nothing, as copies: concatenation, reshapes, transpositions, slices, padding,
// enlargement.
#pragma once

#include <vector>

#include "compiler/tiles/operations.h"

namespace chengying::compiler::tiles {

Result<std::vector<isa::Operation>> moves(const Task& task, ConstantPool& pool);

}  // namespace chengying::compiler::tiles
