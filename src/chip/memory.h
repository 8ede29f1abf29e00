// Memory: the scratch memories of a slice as ranges of this process: one DRAM range, and one SRAM for each
// core. Zeroed when made, then as the last program left them: verify proves that no program reads what it has
// not written. Pages are taken from the machine when first touched. Owned by one Engine; no locking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"

namespace chengying::chip {

/// Zeroed bytes, aligned to the page, with kSlackBytes behind them that belong to nobody.
class Memory {
 public:
  static constexpr std::size_t kSlackBytes = 128;

  Memory() = default;
  /// kResourceExhausted if the machine has not so much.
  static Result<Memory> make(std::uint64_t size_bytes);
  ~Memory();
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;

  std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::byte* mapped_ = nullptr;  // at or before data_
  std::size_t mapped_bytes_ = 0;
};

struct SliceMemory {
  Memory dram;
  std::vector<Memory> sram;  // per core of the slice
};

}  // namespace chengying::chip
