// ResidenceMap: where on the chip a block of constants is read from by a core: its own SRAM before DRAM
// before another core's SRAM. For verify and the timing walk, so that both mean the same place. Immutable;
// any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "isa/address.h"
#include "isa/program.h"

namespace chengying::isa {

class ResidenceMap {
 public:
  /// Adjacent residences (in the constants and on the chip alike) count as one.
  explicit ResidenceMap(const std::vector<Residence>& residences);

  /// The address, in SRAM or DRAM, from which `core` reads constants [offset, offset + bytes); nullopt if
  /// they are not whole in one memory.
  std::optional<Address> find(std::uint16_t core, std::uint64_t offset, std::uint64_t bytes) const;

 private:
  using Memory = std::pair<Space, std::uint16_t>;
  static std::optional<Address> find_in(const std::vector<Residence>& sorted, std::uint64_t offset,
                                        std::uint64_t bytes);
  std::map<Memory, std::vector<Residence>> by_memory_;  // sorted by constant_offset, merged
};

}  // namespace chengying::isa
