#include "chip/kernels/scratch.h"

#include <array>
#include <cstdlib>
#include <memory>

#include "base/check.h"

namespace chengying::chip {
namespace {

struct Free {
  void operator()(void* bytes) const { std::free(bytes); }
};
struct Buffer {
  std::unique_ptr<std::byte, Free> bytes;
  std::size_t size = 0;
};

thread_local std::array<Buffer, kScratchSlots> buffers;

}  // namespace

std::byte* scratch(ScratchSlot slot, std::size_t bytes) {
  Buffer& buffer = buffers[static_cast<std::size_t>(slot)];
  if (buffer.size < bytes) {
    const std::size_t size = (bytes + bytes / 4 + 127) / 64 * 64;
    buffer.bytes.reset();  // before the new one is made: never both
    buffer.bytes.reset(static_cast<std::byte*>(std::aligned_alloc(64, size)));
    CHECK(buffer.bytes != nullptr);
    buffer.size = size - 64;
  }
  return buffer.bytes.get();
}

}  // namespace chengying::chip
