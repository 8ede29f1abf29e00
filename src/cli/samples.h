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

/// The port that a tensor is for: by its name, or the only one there is.
Result<std::size_t> port_for(const std::string& name, const Ports& ports, const std::string& file);

/// A photograph, or a file of tensors.
Result<std::vector<NamedTensor>> read_any(const std::filesystem::path& path,
                                          const std::optional<runtime::Preprocessing>& preprocessing);

/// Floats of another width as the f32 that a model's half and double inputs are held in.
Tensor as_held(Tensor tensor, DType held);

/// Dimensions that the model leaves open (-1) as "?".
std::string shown(const Shape& shape);

}  // namespace chengying::cli
