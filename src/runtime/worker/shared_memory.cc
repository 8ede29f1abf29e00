#include "runtime/worker/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace chengying::runtime::worker {
namespace {
constexpr std::uint64_t kAlignment = 64;
/// Pages that are kept when nothing runs: new ones cost more than a copy into old ones.
constexpr std::uint64_t kKeptBytes = std::uint64_t{64} << 20;
}  // namespace

std::uint64_t SharedMemory::rounded(std::uint64_t bytes) {
  return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

SharedMemory::SharedMemory(Handle file, std::byte* data, std::uint64_t bytes)
    : file_(std::move(file)), data_(data), bytes_(bytes), free_{{0, bytes}} {}

SharedMemory::~SharedMemory() {
  ::munmap(data_, bytes_);
}

Result<std::unique_ptr<SharedMemory>> SharedMemory::map(Handle file, std::uint64_t bytes) {
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.fd(), 0);
  if (data == MAP_FAILED)
    return fail(Code::kResourceExhausted, "no shared memory of {} bytes: {}", bytes, std::strerror(errno));
  return std::unique_ptr<SharedMemory>(
      new SharedMemory(std::move(file), static_cast<std::byte*>(data), bytes));
}

Result<std::unique_ptr<SharedMemory>> SharedMemory::make(std::uint64_t bytes) {
  Handle file(::memfd_create("chengying_slice", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.open() || ::ftruncate(file.fd(), static_cast<off_t>(bytes)) != 0)
    return fail(Code::kResourceExhausted, "no shared memory of {} bytes: {}", bytes, std::strerror(errno));
  // A worker that made it shorter would end the service at its next touch.
  if (::fcntl(file.fd(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fail(Code::kInternal, "shared memory can't be sealed: {}", std::strerror(errno));
  return map(std::move(file), bytes);
}

Result<std::unique_ptr<SharedMemory>> SharedMemory::open(Handle file, std::uint64_t bytes) {
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0 || static_cast<std::uint64_t>(info.st_size) != bytes)
    return fail(Code::kDataLoss, "the shared memory is not {} bytes long", bytes);
  return map(std::move(file), bytes);
}

std::optional<Extent> SharedMemory::take(std::uint64_t bytes) {
  if (bytes > bytes_) return std::nullopt;
  const std::uint64_t size = rounded(bytes);
  const std::lock_guard lock(mutex_);
  // The first that is large enough: what was used last is still in the caches.
  const auto found = std::ranges::find_if(free_, [&](const auto& hole) { return hole.second >= size; });
  if (found == free_.end()) return std::nullopt;
  const auto [offset, hole] = *found;
  free_.erase(found);
  if (hole > size) free_.emplace(offset + size, hole - size);
  reached_ = std::max(reached_, offset + size);
  return Extent{offset, bytes};
}

void SharedMemory::give_back(Extent extent) {
  const std::lock_guard lock(mutex_);
  const auto [it, added] = free_.emplace(extent.offset, rounded(extent.bytes));
  CHECK(added);
  if (const auto next = std::next(it); next != free_.end() && it->first + it->second == next->first) {
    it->second += next->second;
    free_.erase(next);
  }
  if (it != free_.begin()) {
    const auto last = std::prev(it);
    if (last->first + last->second == it->first) {
      last->second += it->second;
      free_.erase(it);
    }
  }
  const bool unused = free_.size() == 1 && free_.begin()->second == bytes_;
  if (!unused || reached_ <= kKeptBytes) return;
  // It stays as it is where this is refused: only memory is lost by it.
  ::fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kKeptBytes,
              static_cast<off_t>(reached_ - kKeptBytes));
  reached_ = 0;
}

Result<std::span<std::byte>> SharedMemory::at(Extent extent) const {
  const bool inside = extent.offset <= bytes_ && extent.bytes <= bytes_ - extent.offset;
  if (!inside || extent.offset % kAlignment != 0)
    return fail(Code::kDataLoss, "{} bytes at {} of {} of shared memory", extent.bytes, extent.offset,
                bytes_);
  return std::span(data_ + extent.offset, extent.bytes);
}

}  // namespace chengying::runtime::worker
