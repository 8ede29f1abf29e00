// Files: read whole, map read-only, write so that a crash leaves the old or the new file, never a part.
// Every failure is an Error that names the path. Any thread; a MappedFile may be read by many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chengying {

/// A file mapped read-only for the life of the value. Its bytes are aligned to the page.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Reads a whole file; kTooLarge if it is longer than `limit_bytes`.
Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);
Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t limit_bytes);
/// Writes to a temporary file beside `path`, syncs it, renames it, and syncs the folder.
Status write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
Status write_file_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace chengying
