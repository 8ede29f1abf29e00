#include "cloud/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/signature.h"

namespace chengying::cloud {

namespace {
constexpr std::uint64_t kSecretBytesMax = 4096;

std::unexpected<Error> failure(const std::filesystem::path& path) {
  return fail(Code::kUnavailable, "{}: {}", path.string(), std::strerror(errno));
}
}  // namespace

Result<Files> Files::open(const std::filesystem::path& folder, const std::string& process) {
  // Each removes what was left of its own uploads, not its neighbours'.
  const auto uploads = process.empty() ? folder / "uploads" : folder / "uploads" / process;
  std::error_code fault;
  for (const auto& each : {folder, uploads, folder / "models", folder / "executables"}) {
    std::filesystem::create_directories(each, fault);
    if (fault) return fail(Code::kUnavailable, "{}: can't be made: {}", each.string(), fault.message());
  }
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, fault);
  const auto path = folder / (process.empty() ? "lock" : "lock." + process);
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return failure(path);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(Code::kConflict, "{} is in use by another service{}: stop it, or give another data folder",
                folder.string(), process.empty() ? "" : fmt::format(" called \"{}\"", process));
  }
  for (const auto& left : std::filesystem::directory_iterator(uploads, fault)) {
    std::filesystem::remove(left.path(), fault);  // of uploads that a stop cut off
  }
  return Files(folder, uploads, lock);
}

Files::Files(Files&& other) noexcept
    : folder_(std::move(other.folder_)),
      uploads_(std::move(other.uploads_)),
      lock_(std::exchange(other.lock_, -1)) {}

Files::~Files() {
  if (lock_ >= 0) ::close(lock_);
}

Status Files::write_secret(const std::filesystem::path& path, std::string_view text) const {
  const auto temporary = path.string() + ".new";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failure(path);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) return failure(path);
  return {};
}

Result<std::string> Files::quote_secret() const {
  const auto path = folder_ / "quote.secret";
  if (!std::filesystem::exists(path)) TRY(write_secret(path, random_hex(32)));
  return read_text_file(path, kSecretBytesMax);
}

Result<std::string> Files::book_key() const {
  const auto path = folder_ / "price_book.key";
  if (!std::filesystem::exists(path)) TRY(write_secret(path, new_signing_key()));
  return read_text_file(path, kSecretBytesMax);
}

}  // namespace chengying::cloud
