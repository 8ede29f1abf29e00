// Device: a chip that can be rented: gives out slices, loads executables on them, runs them. Small, so that a
// driver for real silicon, or a GPU, is one more Device. Law 5: slices share nothing that changes bytes or
// cycles. Thread-safe: any thread may call any method; completions run on the slice's own thread and must not
// block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "tensor/tensor.h"

namespace chengying::runtime {

struct SliceId {
  std::uint64_t value = 0;
  auto operator<=>(const SliceId&) const = default;
};
struct LoadedId {
  std::uint64_t value = 0;
  auto operator<=>(const LoadedId&) const = default;
};

/// What a run cost by the chip's model (a pure function of the program: known before the run, billed after
/// it) and by this machine's clock (never billed).
struct RunCost {
  std::uint64_t cycles = 0;
  std::uint64_t picojoules = 0;
  std::uint64_t core_cycles = 0;  // cycles * cores of the slice
  std::uint64_t clock_ns = 0;     // measured
};

struct RunDone {
  Result<std::vector<Tensor>> outputs;  // in the program's order; a trap is kInvalidArgument "trap at ..."
  RunCost cost;
};
using Completion = std::function<void(RunDone)>;

/// One request for a loaded executable: inputs in the program's order, batch = the leading dimension that the
/// program of that batch has.
struct Work {
  LoadedId loaded;
  std::int32_t batch = 1;
  std::vector<Tensor> inputs;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  Completion done;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const isa::ChipSpec& spec() const = 0;
  /// Cores that no slice holds.
  virtual std::uint16_t free_cores() const = 0;
  /// kResourceExhausted if fewer cores are free, kInvalidArgument if the chip never had so many.
  virtual Result<SliceId> open_slice(std::uint16_t cores) = 0;
  /// Lets queued work end with kUnavailable, running work finish; frees the cores. Idempotent.
  virtual void close_slice(SliceId slice) = 0;
  /// Verifies and loads; several executables may be loaded on one slice.
  virtual Result<LoadedId> load(SliceId slice, std::shared_ptr<const isa::Executable> executable) = 0;
  virtual void unload(SliceId slice, LoadedId loaded) = 0;
  /// Queues work; kResourceExhausted when the slice's queue is full, kInvalidArgument when inputs do not fit
  /// the program. `done` is called exactly once if and only if submit succeeded.
  virtual Status submit(SliceId slice, Work work) = 0;
};

struct DeviceOptions {
  std::size_t queue_capacity = 256;  // requests waiting per slice
  unsigned threads_per_slice = 0;    // 0: the slice's cores, at most the machine's
  /// How long the first request may wait for others to share a batch; 0 turns batching off. Merged requests
  /// get the bytes and the cost that they would have had alone.
  std::chrono::microseconds batch_delay{0};
};

/// A chip simulated (or, for `host`, simply run) by chip::Engine on this machine.
std::unique_ptr<Device> make_engine_device(isa::ChipSpec chip, const DeviceOptions& options = {});

}  // namespace chengying::runtime
