// CompileCache: executables that were made before, in a folder, by the digest of everything that they were
// made from: the model's bytes, the chip's spec, the options with their samples, and the compiler itself. An
// entry is an executable, which has its own digest, beside its report; what is cut off or changed is found by
// the digest and made anew. The folder is held below a size, the entries that were not used for longest going
// first. Never the reason for a failure: what can't be read or written is as if it were not there. One
// thread; several processes may share a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "compiler/compile.h"
#include "isa/spec.h"

namespace chengying::cli {

/// $XDG_CACHE_HOME/chengying, or the same below ~/.cache; nullopt if neither is known.
std::optional<std::filesystem::path> default_cache_folder();

class CompileCache {
 public:
  static constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 30;

  explicit CompileCache(std::filesystem::path folder, std::uint64_t bytes_max = kBytesMax)
      : folder_(std::move(folder)), bytes_max_(bytes_max) {}

  /// The key of a compilation, or nullopt if it has none: its model names other files, or a pass's text is
  /// asked for.
  static std::optional<std::string> key_of(const compiler::ModelSource& model, const isa::ChipSpec& chip,
                                           const compiler::CompileOptions& options);

  /// Without the times of the passes and a dump.
  std::optional<compiler::CompileOutput> find(const std::string& key) const;
  /// Sets the executable's digest.
  void keep(const std::string& key, compiler::CompileOutput& output) const;

 private:
  std::filesystem::path executable_of(const std::string& key) const { return folder_ / (key + ".cyx"); }
  std::filesystem::path report_of(const std::string& key) const { return folder_ / (key + ".json"); }
  void make_room() const;

  std::filesystem::path folder_;
  std::uint64_t bytes_max_;
};

}  // namespace chengying::cli
