// Watcher: what values of an f32 graph are for samples of its inputs. Used by one thread; fails as the
// samples or the chip's run do.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "compiler/compile.h"
#include "compiler/graph/graph.h"
#include "isa/program.h"

namespace chengying::compiler {

/// Gives, for each sample, the tensors of the watched values: by an executable of the graph with these as its
/// outputs, or by the interpreter.
class Watcher {
 public:
  /// The graph, a simplified one, and the calibration outlive the watcher.
  Watcher(const Graph& graph, std::vector<ValueId> watched, const Calibration& calibration)
      : graph_(graph), watched_(std::move(watched)), calibration_(calibration) {}

  Status prepare();
  /// Calls `see(index in watched, tensor)` for each watched value of each sample in turn; says so to
  /// `progress` under the name of `what`. kInvalidArgument: a sample that does not fit the model's inputs.
  Status run(std::string_view what, const Progress& progress,
             const std::function<void(std::size_t, const Tensor&)>& see);

 private:
  Status run_one(std::size_t sample, const std::function<void(std::size_t, const Tensor&)>& see);

  const Graph& graph_;
  const std::vector<ValueId> watched_;
  const Calibration& calibration_;
  std::optional<isa::Executable> executable_;
};

}  // namespace chengying::compiler
