// ModelSource: where a model comes from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace chengying::compiler {

/// The model: a file (external data only inside of its folder), or bytes from an upload.
struct ModelSource {
  std::filesystem::path path;                // may be empty if bytes are given
  std::shared_ptr<const std::string> bytes;  // may be null if a path is given
};

}  // namespace chengying::compiler
