// Probe: what this machine's CPU can do, measured: rates of its multipliers and memories, and what a
// hand-over between threads costs. Some ten seconds, one thread unless said otherwise; no network, no file is
// written.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "chip/engine.h"
#include "isa/spec.h"

namespace chengying::cli {

struct MachineFacts {
  std::string cpu;  // its name, as the system gives it
  std::int64_t cores = 0;
  std::int64_t memory_bytes = 0, cache_bytes = 0;  // all of it; its last level, as seen by one core
  chip::KernelSet kernels = chip::KernelSet::kReference;
  double clock_hz = 0;  // beside the measurements: a chain of dependent additions, one a cycle
  double u8_instructions_per_cycle = 0;   // of the kernels' widest u8 x i8 multiply-accumulate
  double f32_instructions_per_cycle = 0;  // of their widest fused multiply-add
  double cache_bytes_per_second = 0;      // reading a core's share of the last-level cache again and again
  double dram_bytes_per_second = 0;       // reading with all cores, which share it
  double dram_latency_seconds = 0;        // a chain of dependent loads in random order
  double copy_bytes_per_second = 0;       // memcpy within the caches
  double handover_seconds = 0;            // to a sleeping thread
  isa::KernelCosts kernel_costs{};        // of those kernels
  double spread = 0;                      // the largest of the measurements (Kept::spread in cli/turns.h)
};

/// The share of each core's time that a thread on it really gets while all of them compute, the least of
/// them: 1 on a machine that does nothing else. Takes a fifth of a second.
double quiet_share();

/// kUnavailable if the machine is doing something else, with what was found.
Status check_quiet(double share, double spread);

/// kUnsupported on a CPU without AVX2 (there are no kernels for it whose peak would mean anything).
Result<MachineFacts> measure_machine();

}  // namespace chengying::cli
