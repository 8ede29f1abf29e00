// import_onnx: from an ONNX model to a Graph with all shapes bound. Operators outside of our closed set are
// lowered to it where that is exact, or refused; one refusal lists all nodes that can't be taken. What
// depends only on constants is computed here. Deterministic; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/graph/graph.h"
#include "compiler/import/onnx_model.h"

namespace chengying::compiler {

struct ImportOptions {
  std::int32_t batch = 1;  // for the first dimension of each input
  std::map<std::string, std::int64_t>
      dimensions;  // sizes of other symbolic dimensions, by symbol or "input[2]"
};

/// A node that can't be taken: as the refusal's text has it, in parts.
struct RefusedNode {
  std::string node, operation, operands, reason;
};

/// kInvalidArgument: a broken model, a dimension without a size; kUnsupported: the list, a line each;
/// kTooLarge.
/// `refused` is given the list's parts, if it is not null.
Result<Graph> import_onnx(const OnnxModel& model, const ImportOptions& options,
                          std::vector<RefusedNode>* refused = nullptr);

}  // namespace chengying::compiler
