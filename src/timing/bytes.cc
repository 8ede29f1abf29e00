#include "timing/bytes.h"

#include "timing/links.h"

namespace chengying::timing {

std::vector<BytesByLink> bytes_by_link(const isa::Program& program, const isa::ChipSpec& chip,
                                       std::uint16_t cores) {
  const Links links(program, chip, cores);
  std::vector<BytesByLink> result;
  for (const isa::Instruction& instruction : program.instructions) {
    BytesByLink& bytes = result.emplace_back();
    for (const Demand& demand : links.traffic_of(instruction).demands)
      bytes[static_cast<std::size_t>(links.limit(demand.link))] += demand.bytes;
  }
  return result;
}

double bytes_per_second(Limit link, const isa::ChipSpec& chip, std::uint16_t cores) {
  const double share = static_cast<double>(cores) / static_cast<double>(chip.cores);
  switch (link) {
    case Limit::kDram:
      return chip.memory.dram_bytes_per_second * share;
    case Limit::kHostLink:
      return chip.host_link.bytes_per_second * share;
    case Limit::kSram:
      return static_cast<double>(chip.memory.sram_bytes_per_cycle) * chip.clock_hz * cores;
    case Limit::kCache:
      return chip.memory.cache_bytes_per_second * cores;
    case Limit::kRing:
      return chip.memory.ring_bytes_per_second * cores;
    default:
      return 0;
  }
}

}  // namespace chengying::timing
