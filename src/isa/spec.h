// ChipSpec: every number that defines a chip, read from chips/NAME.toml. A chip is data: no code asks for a
// chip's name. Each number in the file carries its kind and source; ChipSpec::numbers keeps them for display.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

namespace chengying::isa {

/// How far a number can be trusted.
enum class Provenance : std::uint8_t { kMeasured, kClaimed, kDerived, kEstimated };
std::string_view name_of(Provenance provenance);

/// A number as the file has it, for `chengying chips show`.
struct SpecNumber {
  std::string key;  // "memory.sram_bytes"
  double value = 0;
  std::string unit;  // "Hz", "B", "B/s", "cycles", "pJ", ...
  Provenance provenance = Provenance::kEstimated;
  std::string source;  // never empty
};

/// Multiply-accumulate array of one core for one format: does reduce x columns x pixels of them a cycle,
/// where reduce runs over kernel places and input channels, columns over output channels, pixels over output
/// pixels. A pass over (K, N, M) takes ceil(K/reduce) * ceil(N/columns) * ceil(M/pixels) cycles; a systolic
/// one (TensorEngine::systolic) of reduce rows and so many columns takes a pixel a cycle.
struct MacArray {
  std::int64_t reduce = 0, columns = 0, pixels = 0;
  std::int64_t macs() const { return reduce * columns * pixels; }
};

struct TensorEngine {
  std::optional<MacArray> u8, f32;  // absent: the chip lacks that format
  std::int64_t fill_cycles = 0;     // to fill and drain the array, once per instruction
  std::int64_t issue_cycles = 0;    // fixed cost of an instruction
  /// Elements a cycle of one step of the epilogue, for which the array stands still; 0: the epilogue has a
  /// stage of its own, that keeps up with the array.
  std::int64_t epilogue_lanes = 0;
  /// The arrays are systolic, reduce rows by columns, and keep a tile of weights while pixels stream past,
  /// one a cycle: rows of it fill and columns drain for each tile. Weights of the next tile shift in before
  /// (one set) or while (two sets) the last one is used.
  bool systolic = false, systolic_double_buffered = false;
  /// Constants in DRAM that the engine fetches before the instruction that needs them has started.
  std::int64_t weights_ahead_bytes = 0;
};

struct VectorEngine {
  std::int64_t u8_lanes = 0, f32_lanes = 0;  // elements a cycle for one simple operation; 0: lacks the format
  std::int64_t issue_cycles = 0;
};

struct MemoryEngine {
  std::int64_t bytes_per_cycle = 0;  // one way, of one core
  std::int64_t issue_cycles = 0;
};

struct Memory {
  std::int64_t sram_bytes = 0;            // per core; 0: none that a program manages
  std::int64_t sram_bytes_per_cycle = 0;  // per core, reads and writes together; 0 only if sram_bytes is 0
  std::int64_t dram_bytes = 0;            // of the chip; 0: none
  double dram_bytes_per_second = 0;       // of the chip; a slice has its fixed share, cores / chip's cores
  double dram_latency_seconds = 0;
  std::int64_t cache_bytes = 0;       // of the chip, in front of DRAM, not managed by programs; 0: none
  double cache_bytes_per_second = 0;  // of one core
  double ring_bytes_per_second = 0;   // between cores, one way, of one core; 0: cores can't reach each other
  double ring_latency_seconds = 0;
  bool engines_reach_dram = false;         // tensor and vector engines take operands from DRAM, not only SRAM
  bool engines_reach_host = false;         // ... and from the request's tensors (no host link in between)
  bool engines_reach_other_cores = false;  // ... and from another core's SRAM (over the ring)
};

struct HostLink {
  double bytes_per_second = 0;  // each way, of the chip
  double latency_seconds = 0;   // fixed time of a transfer
};

/// Energy: picojoules an operation or byte, and power that flows whether used or not.
struct Power {
  double mac_u8_pj = 0, mac_f32_pj = 0;
  double vector_op_pj = 0;
  double sram_byte_pj = 0, dram_byte_pj = 0, ring_byte_pj = 0, host_byte_pj = 0;
  double idle_watts = 0;  // of the whole chip; a slice has its share
  double tdp_watts = 0;   // for display
};

/// What loops of software cost where the engines are programs: on a CPU, beyond what its multipliers and
/// lanes do. In cycles.
struct KernelCosts {
  double moved_element = 0;  // an element that a copy moves alone: from one order of dimensions to another
  double looked_up = 0;      // an element of a Lut
  double pixel = 0;          // a convolution, for each output pixel
  double pair_places = 0;    // a 3x3 depthwise convolution of stride 1: a vector of channels by 4 places
  double places = 0;         // any other depthwise convolution: the same
  double window = 0;         // a pool, for each window
  double max_place = 0;      // a pool, for a vector of u8 channels at one place of a window
  double average_place = 0;  // the same, of lanes that sum
};

struct ChipSpec {
  std::string name;   // the file's stem: "hanguang800"
  std::string title;  // "Alibaba T-Head Hanguang 800"
  std::string maker;
  bool is_host = false;    // the machine's own CPU: runs in real time
  std::int64_t cores = 0;  // 1..1024
  double clock_hz = 0;
  double launch_seconds = 0;  // fixed time from submit to the first instruction (command processor)
  TensorEngine tensor;
  VectorEngine vector;
  MemoryEngine memory_engine;
  Memory memory;
  HostLink host_link;
  std::optional<KernelCosts>
      kernels;  // absent: engines of hardware, which keep up with their arrays and lanes
  Power power;
  std::vector<SpecNumber> numbers;  // every number above with its unit, kind and source, in file order
  Digest digest;                    // of name and all values (not of comments and sources)
};

/// Parses a spec; `path` is used in messages. An error names file, line, key, what was found and what is
/// allowed: missing or unknown keys, a number without a source, wrong units or types, impossible or
/// contradicting values.
Result<ChipSpec> parse_chip_spec(std::string_view toml_text, std::string_view path);
Result<ChipSpec> load_chip_spec(const std::filesystem::path& path);
/// All *.toml of a folder, ordered by name; the first error stops it.
Result<std::vector<ChipSpec>> load_chip_specs(const std::filesystem::path& folder);

}  // namespace chengying::isa
