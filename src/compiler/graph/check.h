// check: the rule that holds after every pass: operands exist and come before their use, every value has one
// origin, shapes and element types agree with the operator, quantisation is there where bytes stand for real
// numbers. A fault is ours, not the model's: kInternal, with the node's text.
#pragma once

#include "base/error.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler {

/// kLaidOut also holds what lower() asks for (emit.h): layouts, no quantised arithmetic left to fuse.
enum class CheckStage : std::uint8_t { kLogical, kLaidOut };

Status check(const Graph& graph, CheckStage stage = CheckStage::kLogical);

}  // namespace chengying::compiler
