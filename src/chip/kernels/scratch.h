// Scratch: memory that a kernel needs while it runs, one growing buffer for each thread and slot, kept
// between calls. Contents are undefined at first. Aligned to 64 bytes, with 64 bytes behind that may be read.
#pragma once

#include <cstddef>

namespace chengying::chip {

enum class ScratchSlot { kPaddedInput, kRuns, kPixels, kWindows, kWorking };
inline constexpr std::size_t kScratchSlots = 5;

/// At least `bytes` bytes of this thread's buffer; valid until the thread's next call for the same slot.
std::byte* scratch(ScratchSlot slot, std::size_t bytes);

}  // namespace chengying::chip
