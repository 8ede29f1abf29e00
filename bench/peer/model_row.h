// ModelRow: a line of scripts/models.txt: a real model, where it lies, how its open sizes are bound, and what
// is asked of its answer. A value.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::peer {

struct ModelRow {
  std::string name, package, file;
  std::map<std::string, std::int64_t> dimensions;  // as compiler::CompileOptions has them
  std::map<std::string, std::string> inputs;       // by name: "tokens", "page", "count:8", or a number
  double difference_max = 0;                       // 0: the cosine is asked for
  double cosine_min = 0;

  /// Below the repository, as scripts/fetch_npm.sh has it.
  std::filesystem::path path(const std::filesystem::path& repository) const;
};

/// kInvalidArgument: which line is wrong, and how.
Result<std::vector<ModelRow>> read_model_rows(const std::filesystem::path& list);

/// A tensor for an input, the same each time: as the row says, else waves (f32) or ones.
Tensor input_of(const ModelRow& row, const std::string& name, DType dtype, const Shape& shape);

}  // namespace chengying::peer
