#include "chip/memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace chengying::chip {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

Result<Memory> Memory::make(std::uint64_t size_bytes) {
  Memory memory;
  if (size_bytes == 0) return memory;
  if (size_bytes > std::numeric_limits<std::int64_t>::max() - kSlackBytes)
    return fail(Code::kResourceExhausted, "no machine has {} bytes of memory", size_bytes);
  // Starts on a huge page and wishes for such: a tile walks many small pages otherwise.
  const bool huge = size_bytes >= kHugePage;
  const std::size_t length = size_bytes + kSlackBytes + (huge ? kHugePage : 0);
  void* mapped = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    return fail(Code::kResourceExhausted, "this machine has no {} bytes of memory left for a slice's scratch",
                size_bytes);
  memory.mapped_ = static_cast<std::byte*>(mapped);
  memory.mapped_bytes_ = length;
  memory.size_ = size_bytes;
  const std::size_t past = reinterpret_cast<std::uintptr_t>(mapped) % kHugePage;
  memory.data_ = memory.mapped_ + (huge && past != 0 ? kHugePage - past : 0);
#ifdef MADV_HUGEPAGE
  if (huge) ::madvise(memory.data_, size_bytes + kSlackBytes, MADV_HUGEPAGE);
#endif
  return memory;
}

Memory::~Memory() {
  if (mapped_ != nullptr) ::munmap(mapped_, mapped_bytes_);
}

Memory::Memory(Memory&& other) noexcept {
  *this = std::move(other);
}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  return *this;
}

}  // namespace chengying::chip
