#include "isa/residence_map.h"

#include <algorithm>
#include <tuple>

namespace chengying::isa {

ResidenceMap::ResidenceMap(const std::vector<Residence>& residences) {
  std::vector<Residence> sorted = residences;
  std::ranges::sort(sorted, {}, [](const Residence& r) { return std::tuple(r.constant_offset, r.offset); });
  for (const Residence& piece : sorted) {
    std::vector<Residence>& pieces = by_memory_[{piece.space, piece.core}];
    const bool continues = !pieces.empty() &&
                           pieces.back().constant_offset + pieces.back().bytes == piece.constant_offset &&
                           pieces.back().offset + pieces.back().bytes == piece.offset;
    if (continues)
      pieces.back().bytes += piece.bytes;
    else
      pieces.push_back(piece);
  }
}

std::optional<Address> ResidenceMap::find(std::uint16_t core, std::uint64_t offset,
                                          std::uint64_t bytes) const {
  for (const Memory& memory : {Memory{Space::kSram, core}, Memory{Space::kDram, 0}}) {
    const auto pieces = by_memory_.find(memory);
    if (pieces == by_memory_.end()) continue;
    if (const auto found = find_in(pieces->second, offset, bytes)) return found;
  }
  for (const auto& [memory, pieces] : by_memory_)
    if (const auto found = find_in(pieces, offset, bytes)) return found;
  return std::nullopt;
}

std::optional<Address> ResidenceMap::find_in(const std::vector<Residence>& sorted, std::uint64_t offset,
                                             std::uint64_t bytes) {
  auto after = std::ranges::upper_bound(sorted, offset, {}, &Residence::constant_offset);
  if (after == sorted.begin()) return std::nullopt;
  const Residence& piece = *--after;
  const std::uint64_t into = offset - piece.constant_offset;
  if (into > piece.bytes || bytes > piece.bytes - into) return std::nullopt;
  return Address{piece.space, piece.core, piece.offset + into};
}

}  // namespace chengying::isa
