// Samples: model inputs from files that people have: photographs (by the model's preprocessing) and tensors.
// Any thread. Every error names the file, and says what to give where the model doesn't say enough.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/named_tensor.h"
#include "compiler/compile.h"
#include "runtime/preprocessing.h"
#include "tensor/tensor.h"

namespace chengying::cli {

using Metadata = std::map<std::string, std::string>;
using Ports = std::vector<compiler::ModelSignature::Port>;

/// How photographs become inputs: from `file` (JSON) if it is given, else from the model's metadata; nullopt
/// if neither says.
Result<std::optional<runtime::Preprocessing>> preprocessing_of(const Metadata& metadata,
                                                               const std::string& file);

/// .jpg, .jpeg, .png
bool is_image_file(const std::filesystem::path& path);

/// One batch of one, as the model takes it. `preprocessing` may be nullopt: then the error says what is
/// missing.
Result<Tensor> read_image_tensor(const std::filesystem::path& path,
                                 const std::optional<runtime::Preprocessing>& preprocessing);

/// Inputs of one request, in the order of `ports`, from arguments "[NAME=]FILE". A name may be left out where
/// only one input is without; names inside of a .npz count. Several files for one input are joined along the
/// first dimension.
Result<std::vector<Tensor>> read_inputs(const std::vector<std::string>& arguments, const Ports& ports,
                                        const std::optional<runtime::Preprocessing>& preprocessing);

/// Batch-1 samples for calibration: a folder of photographs or tensor files (each file a sample, in order of
/// their names, at most `limit`), or one .npy or .npz whose first dimension counts samples.
Result<std::vector<std::map<std::string, Tensor>>> read_samples(
    const std::filesystem::path& path, const Ports& ports,
    const std::optional<runtime::Preprocessing>& preprocessing, std::size_t limit);

}  // namespace chengying::cli
