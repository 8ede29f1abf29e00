// Conv and Dense nodes as instructions: one for each group of channels.
#pragma once

#include <vector>

#include "compiler/tiles/operations.h"

namespace chengying::compiler::tiles {

Result<std::vector<isa::Operation>> convolutions(const Task& task, ConstantPool& pool);
Result<std::vector<isa::Operation>> products(const Task& task, ConstantPool& pool);

/// A node's window as it is for this block: the padding moves with the first row and column.
isa::Window window_of(const Task& task, isa::Window window);

}  // namespace chengying::compiler::tiles
