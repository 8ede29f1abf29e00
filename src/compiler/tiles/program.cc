#include "compiler/tiles/program.h"

#include <algorithm>

#include "compiler/tiles/build.h"
#include "compiler/tiles/order.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::uint64_t kAlignment = 64;

std::uint64_t rounded_up(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Range {
  std::uint64_t start = 0, end = 0;
};

/// The constants that each core reads, as sorted ranges that don't touch.
std::vector<std::vector<Range>> constants_read(std::span<const isa::Program> programs, std::size_t cores) {
  std::vector<std::vector<Range>> ranges(cores);
  for (const isa::Program& program : programs) {
    for (const isa::Instruction& instruction : program.instructions) {
      for (const isa::Access& access : isa::accesses_of(instruction.operation)) {
        if (access.view.at.space != isa::Space::kConstant) continue;
        const std::uint64_t start = access.view.at.offset / kAlignment * kAlignment;
        const std::uint64_t end = rounded_up(access.view.at.offset + access.view.extent_bytes());
        ranges[instruction.core].push_back({start, end});
      }
    }
  }
  for (std::vector<Range>& mine : ranges) {
    std::ranges::sort(mine, {}, &Range::start);
    std::vector<Range> merged;
    for (const Range& range : mine) {
      if (!merged.empty() && range.start <= merged.back().end) {
        merged.back().end = std::max(merged.back().end, range.end);
      } else {
        merged.push_back(range);
      }
    }
    mine = std::move(merged);
  }
  return ranges;
}

/// All constants in one piece of DRAM, behind the largest scratch.
std::vector<isa::Residence> in_dram(std::span<const isa::Program> programs, std::uint64_t constant_bytes) {
  std::uint64_t offset = 0;
  for (const isa::Program& program : programs) offset = std::max(offset, rounded_up(program.dram_bytes));
  return {{.constant_offset = 0,
           .bytes = constant_bytes,
           .space = isa::Space::kDram,
           .core = 0,
           .offset = offset}};
}

/// What each core reads in its own SRAM, behind the largest scratch.
std::vector<isa::Residence> in_sram(std::span<const isa::Program> programs) {
  std::vector<isa::Residence> residences;
  const std::size_t cores = programs.front().sram_bytes.size();
  const auto read = constants_read(programs, cores);
  for (std::uint16_t core = 0; core < cores; ++core) {
    std::uint64_t offset = 0;
    for (const isa::Program& program : programs)
      offset = std::max(offset, rounded_up(program.sram_bytes[core]));
    for (const Range& range : read[core]) {
      residences.push_back({range.start, range.end - range.start, isa::Space::kSram, core, offset});
      offset += range.end - range.start;
    }
  }
  return residences;
}

}  // namespace

isa::Program program_of(const Tiles& tiles, const Places& places) {
  isa::Program program;
  program.batch = tiles.batch;
  program.inputs = tiles.inputs;
  program.outputs = tiles.outputs;
  program.dram_bytes = places.dram_bytes;
  program.sram_bytes = places.sram_bytes;
  program.instructions = tiles.steps;
  for (isa::Instruction& instruction : program.instructions) {
    for_each_address(instruction.operation, [&](isa::Address& address) {
      if (const auto id = buffer_of(address)) address.offset = places.offset[*id] + byte_of(address);
    });
  }
  reduce_waits(program.instructions);
  return program;
}

std::vector<isa::Residence> residences_of(std::span<const isa::Program> programs, const isa::ChipSpec& chip,
                                          std::uint64_t constant_bytes) {
  if (constant_bytes == 0) return {};
  if (shares_memory(chip) || chip.tensor.weights_ahead_bytes > 0) return in_dram(programs, constant_bytes);
  std::vector<isa::Residence> residences = in_sram(programs);
  const auto sram_bytes = static_cast<std::uint64_t>(chip.memory.sram_bytes);
  const bool fit = std::ranges::all_of(
      residences, [&](const isa::Residence& at) { return at.offset + at.bytes <= sram_bytes; });
  return fit || !chip.memory.engines_reach_dram ? residences : in_dram(programs, constant_bytes);
}

std::uint64_t Footprint::sram_bytes_max() const {
  return sram_bytes.empty() ? 0 : std::ranges::max(sram_bytes);
}

Footprint footprint_of(std::span<const isa::Program> programs, std::span<const isa::Residence> residences,
                       std::uint16_t cores) {
  Footprint footprint{0, std::vector<std::uint64_t>(cores, 0)};
  for (const isa::Program& program : programs) {
    footprint.dram_bytes = std::max(footprint.dram_bytes, program.dram_bytes);
    for (std::size_t core = 0; core < cores; ++core) {
      footprint.sram_bytes[core] = std::max(footprint.sram_bytes[core], program.sram_bytes[core]);
    }
  }
  for (const isa::Residence& residence : residences) {
    std::uint64_t& bytes =
        residence.space == isa::Space::kDram ? footprint.dram_bytes : footprint.sram_bytes[residence.core];
    bytes = std::max(bytes, residence.offset + residence.bytes);
  }
  return footprint;
}

}  // namespace chengying::compiler::tiles
