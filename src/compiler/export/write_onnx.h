// write_onnx: a logical graph (no integers but behind quantisers, no layouts) as an ONNX file of opset 13.
// Deterministic.
#pragma once

#include <map>
#include <string>

#include "compiler/graph/graph.h"

namespace chengying::compiler {

struct OnnxFile {
  bool symbolic_batch = false;  // the first dimension of inputs and outputs is "batch"
  std::map<std::string, std::string> metadata;
};

std::string write_onnx(const Graph& graph, const OnnxFile& file);

}  // namespace chengying::compiler
