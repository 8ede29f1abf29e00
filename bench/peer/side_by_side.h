// side_by_side: one model compiled and run by us and by ONNX Runtime, on the same inputs; how far apart the
// answers are, and how long each took.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "peer/model_row.h"
#include "tensor/tensor.h"

namespace chengying::peer {

struct SideBySide {
  std::string inputs;  // the shapes of the program's inputs: "1x64 1x64"
  std::size_t nodes = 0;
  double compile_seconds = 0, our_seconds = 0, peer_seconds = 0;
  double difference = 0;  // the largest over all outputs, as a part of the output's largest element
  double cosine = 1;      // the least over all outputs

  bool holds(const ModelRow& row) const {
    return row.difference_max > 0 ? difference <= row.difference_max : cosine >= row.cosine_min;
  }
};

/// Adds what two answers of the output `name` differ by. kInternal: another shape or type, or NaN in one
/// only.
Status compare(const std::string& name, const Tensor& ours, const Tensor& theirs, SideBySide& result);

/// Errors: of compile, of the peer, or outputs whose shapes differ.
Result<SideBySide> side_by_side(const ModelRow& row, const std::filesystem::path& repository);

}  // namespace chengying::peer
