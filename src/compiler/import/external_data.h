// External data: tensor bytes in files beside the model. Only inside of the model's own folder, before and
// after links are resolved; each file mapped once. Not for models that come as bytes (an upload has no
// folder).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace chengying::compiler {

class ExternalData {
 public:
  /// `model_path` empty: every request is refused.
  explicit ExternalData(std::filesystem::path model_path) : model_path_(std::move(model_path)) {}

  /// `length` -1: to the end of the file. The span lives as long as this object.
  Result<std::span<const std::byte>> read(std::string_view tensor, const std::string& location,
                                          std::int64_t offset, std::int64_t length);

 private:
  Result<std::filesystem::path> resolve(std::string_view tensor, const std::string& location) const;

  std::filesystem::path model_path_;
  std::map<std::string, MappedFile> files_;
};

}  // namespace chengying::compiler
