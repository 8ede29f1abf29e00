// Embedded files: what the binary carries so that it runs with no file beside it: chips/*.toml, config/*.toml
// and the like, by their path in the repository. Filled by CMake (embed.cmake). Constant; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace chengying::cli {

struct EmbeddedFile {
  std::string_view path;  // "chips/host.toml"
  std::string_view text;
};

/// All of them, ordered by path.
std::span<const EmbeddedFile> embedded_files();
/// One by its path, or nullopt.
std::optional<std::string_view> embedded_file(std::string_view path);

}  // namespace chengying::cli
