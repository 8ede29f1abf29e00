#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/digest.h"

namespace chengying {
namespace {

constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // opening a pipe must not wait for its writer

std::unexpected<Error> system_error(const std::filesystem::path& path, std::string_view doing, int number) {
  const Code code = number == ENOENT                                            ? Code::kNotFound
                    : number == ENOSPC || number == EDQUOT                      ? Code::kUnavailable
                    : number == EACCES || number == EISDIR || number == ENOTDIR ? Code::kInvalidArgument
                                                                                : Code::kInternal;
  return fail(code, "{}: cannot {}: {}", path.string(), doing, std::strerror(number));
}

/// A file descriptor that closes itself.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int value) : fd(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Result<std::uint64_t> regular_size(const Descriptor& file, const std::filesystem::path& path) {
  struct stat info{};
  if (::fstat(file.fd, &info) != 0) return system_error(path, "inspect", errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::kInvalidArgument, "{}: not a regular file", path.string());
  return static_cast<std::uint64_t>(info.st_size);
}

template <class Bytes>
Result<Bytes> read_whole(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const Descriptor file(::open(path.c_str(), kReading));
  if (file.fd < 0) return system_error(path, "open", errno);
  TRY_ASSIGN(const std::uint64_t size, regular_size(file, path));
  if (size > limit_bytes)
    return fail(Code::kTooLarge, "{}: {} bytes, the limit is {}", path.string(), size, limit_bytes);
  Bytes bytes;
  bytes.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(file.fd, reinterpret_cast<char*>(bytes.data()) + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path, "read", errno);
    if (count == 0) return fail(Code::kDataLoss, "{}: became shorter while it was read", path.string());
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

Status write_all(const Descriptor& file, const std::filesystem::path& path,
                 std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(file.fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path, "write", errno);
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(file.fd) != 0) return system_error(path, "sync", errno);
  return {};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), kReading));
  if (file.fd < 0) return system_error(path, "open", errno);
  TRY_ASSIGN(const std::uint64_t size, regular_size(file, path));
  MappedFile mapped;
  if (size == 0) return mapped;
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (data == MAP_FAILED) return system_error(path, "map", errno);
  mapped.data_ = static_cast<const std::byte*>(data);
  mapped.size_ = size;
  return mapped;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return read_whole<std::vector<std::byte>>(path, limit_bytes);
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return read_whole<std::string>(path, limit_bytes);
}

Status write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  struct stat there{};  // a device or a folder would be replaced by the file
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return fail(Code::kInvalidArgument, "{}: not a regular file; it is not overwritten", path.string());
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.part", random_hex(6));
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.fd < 0) return system_error(path, "create", errno);
    if (Status written = write_all(file, path, bytes); !written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return system_error(path, "rename to", number);
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) return system_error(folder, "sync", errno);
  return {};
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  return write_file_atomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace chengying
