// Spool: a body on its way to a file, piece by piece. A SpoolFile is removed with its holder. One thread.
// Failure: kUnavailable, which says that the disk failed, not where; the log has the reason.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cloud/doors/http.h"

namespace chengying::doors {

class SpoolWriter {
 public:
  /// Makes the file, which must not be there.
  static Result<SpoolWriter> open(const std::filesystem::path& path);
  SpoolWriter(SpoolWriter&& other) noexcept;
  ~SpoolWriter();
  Status write(const char* data, std::size_t size);
  std::unique_ptr<SpoolFile> take_file() { return std::move(file_); }

 private:
  SpoolWriter(int descriptor, const std::filesystem::path& path);
  int descriptor_;
  std::unique_ptr<SpoolFile> file_;
};

}  // namespace chengying::doors
