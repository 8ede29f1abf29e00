#include "cloud/doors/spool.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace chengying::doors {
namespace {

std::unexpected<Error> failed() {
  spdlog::error("upload: {}", std::generic_category().message(errno));
  return fail(Code::kUnavailable, "the upload could not be stored: the service's disk is full or failing");
}

}  // namespace

Result<SpoolWriter> SpoolWriter::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed();
  return SpoolWriter(descriptor, path);
}

SpoolWriter::SpoolWriter(int descriptor, const std::filesystem::path& path)
    : descriptor_(descriptor), file_(std::make_unique<SpoolFile>(path)) {}

SpoolWriter::SpoolWriter(SpoolWriter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), file_(std::move(other.file_)) {}

SpoolWriter::~SpoolWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status SpoolWriter::write(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(descriptor_, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed();
    data += count;
    size -= static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace chengying::doors
