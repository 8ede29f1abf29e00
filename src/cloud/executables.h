// Executables: a model's program for a chip, cores and batches: compiled once, kept on disk, mapped. Any
// thread; one compilation at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "cloud/cloud.h"
#include "cloud/files.h"
#include "isa/program.h"

namespace chengying::cloud {

struct ExecutableRequest {
  const Model& model;
  const isa::ChipSpec& chip;
  std::uint16_t cores = 1;
  std::vector<std::int32_t> batches{1};
};

class Executables {
 public:
  Executables(const Files& files, const Machinery& machinery) : files_(files), machinery_(machinery) {}
  /// Compiles if need be (can take a while). kUnsupported as the compiler says; kConflict for an executable
  /// file made for another chip or slice.
  Result<std::shared_ptr<const isa::Executable>> get(const ExecutableRequest& request);
  /// Where the bytes of what `get` gives lie.
  Result<std::filesystem::path> file_of(const ExecutableRequest& request) const;

 private:
  std::filesystem::path file_for(const ExecutableRequest& request, const Digest& key) const;
  Result<isa::Executable> compile(const ExecutableRequest& request, const std::filesystem::path& model,
                                  const std::filesystem::path& target);
  const Files& files_;
  const Machinery& machinery_;
  std::mutex mutex_;
  // Weak: shared by the endpoints that serve it, gone with the last of them.
  std::map<Digest, std::weak_ptr<const isa::Executable>> loaded_;
};

/// The digest in a model id "sha256:<hex>"; kNotFound for anything else.
Result<Digest> digest_of_model(std::string_view model_id);

}  // namespace chengying::cloud
