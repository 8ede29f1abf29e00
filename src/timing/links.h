// Links: what the engines of a slice share, and how many bytes each instruction asks of it: DRAM, the host
// link each way, and for each core its SRAM, its path to the cache, and its two ports to the ring. Every rate
// is the slice's own share, so neighbours never matter. Immutable; refers to the program and chip that it was
// made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isa/program.h"
#include "isa/residence_map.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::timing {

/// Index of a link of the slice.
using Link = std::uint32_t;

struct Demand {
  Link link = 0;
  std::uint64_t bytes = 0;
  std::uint64_t ahead_cycles = 0;  // so much of it may flow before the instruction starts
};

/// What an instruction moves. Each link appears at most once.
struct Traffic {
  std::vector<Demand> demands;
  std::uint64_t latency_cycles = 0;  // before the first byte: host link, ring and DRAM add up
  std::uint64_t dram_bytes = 0, host_bytes = 0, ring_bytes = 0;
  double picojoules = 0;
};

class Links {
 public:
  /// `arguments` as those of walk().
  Links(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
        std::span<const std::int64_t> arguments = {});
  std::span<const std::int64_t> arguments() const { return arguments_; }

  std::size_t count() const { return kShared + kPerCore * cores_; }
  /// Cycles that `link` takes for so many bytes, nothing else on it.
  std::uint64_t cycles(Link link, std::uint64_t bytes) const;
  Limit limit(Link link) const;
  Traffic traffic_of(const isa::Instruction& instruction) const;

 private:
  enum Shared : Link { kDram, kHostIn, kHostOut, kShared };
  enum PerCore : Link { kSram, kCache, kRingIn, kRingOut, kPerCore };
  struct Collector;

  Link of_core(std::uint16_t core, PerCore kind) const { return kShared + kPerCore * core + kind; }
  void charge(Collector& collector, std::uint16_t core, const isa::Address& at, std::uint64_t bytes,
              bool write) const;
  void charge_dram(Collector& collector, std::uint16_t core, std::uint64_t bytes, bool cached) const;
  void charge_host(Collector& collector, std::uint16_t core, std::uint64_t bytes, bool write) const;
  void fetch_ahead(Collector& collector) const;
  void charge_sram(Collector& collector, std::uint16_t core, std::uint16_t owner, std::uint64_t bytes,
                   bool write) const;

  const isa::ChipSpec& chip_;
  const std::uint16_t cores_;
  const isa::ResidenceMap residences_;
  std::vector<std::int64_t> arguments_;
  double dram_rate_ = 0, host_rate_ = 0, cache_rate_ = 0, ring_rate_ = 0;  // bytes a cycle; 0: there is none
  bool scratch_cached_ = false, constants_cached_ = false;
};

/// Bytes of an access that are really touched: elements that repeat count once.
std::uint64_t bytes_of(const isa::Access& access);

}  // namespace chengying::timing
