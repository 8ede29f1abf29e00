#include "chip/memory.h"

#include <sys/mman.h>

#include <limits>
#include <utility>

namespace chengying::chip {

Result<Memory> Memory::make(std::uint64_t size_bytes) {
  Memory memory;
  if (size_bytes == 0) return memory;
  if (size_bytes > std::numeric_limits<std::int64_t>::max() - kSlackBytes)
    return fail(Code::kResourceExhausted, "no machine has {} bytes of memory", size_bytes);
  const std::size_t length = size_bytes + kSlackBytes;
  void* data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return fail(Code::kResourceExhausted, "this machine has no {} bytes of memory left for a slice's scratch",
                size_bytes);
#ifdef MADV_HUGEPAGE
  ::madvise(data, length, MADV_HUGEPAGE);  // only a wish: fewer pages to walk in big tiles
#endif
  memory.data_ = static_cast<std::byte*>(data);
  memory.size_ = size_bytes;
  memory.mapped_ = length;
  return memory;
}

Memory::~Memory() {
  if (data_ != nullptr) ::munmap(data_, mapped_);
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

}  // namespace chengying::chip
