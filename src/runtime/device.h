// Device: a chip that can be rented: gives out slices, loads executables on them, runs them. Small, so that a
// driver for real silicon, or a GPU, is one more Device. Law 5: slices share nothing that changes bytes or
// cycles. Thread-safe: any thread may call any method; completions run on the slice's own thread and must not
// block.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
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

/// A request's bytes where they already lie, each tensor's in the program's order. They outlive its `done`.
struct Buffers {
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
};

/// One request for a loaded executable: inputs in the program's order, batch = the leading dimension that the
/// program of that batch has.
struct Work {
  LoadedId loaded;
  std::int32_t batch = 1;
  std::vector<Tensor> inputs;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  Completion done;
  std::int64_t fence = 0;  // of the grant that it runs under: the slice's, or it is refused
  std::vector<std::int64_t> arguments{};  // as the program's, each within its bounds
  /// Instead of `inputs` and of RunDone's outputs, which are then empty.
  std::optional<Buffers> buffers = std::nullopt;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const isa::ChipSpec& spec() const = 0;
  /// Cores that no slice holds.
  virtual std::uint16_t free_cores() const = 0;
  /// For the grant that has this fence: kConflict for work of another. kResourceExhausted if fewer cores are
  /// free, kInvalidArgument if the chip never had so many.
  virtual Result<SliceId> open_slice(std::uint16_t cores, std::int64_t fence) = 0;
  Result<SliceId> open_slice(std::uint16_t cores) { return open_slice(cores, 0); }
  /// Lets queued work end with kUnavailable, running work finish; frees the cores. Idempotent.
  virtual void close_slice(SliceId slice) = 0;
  /// Verifies and loads; several executables may be loaded on one slice. `file`: where its bytes lie, so that
  /// a device in another process maps the same pages; empty if they lie in no file.
  virtual Result<LoadedId> load(SliceId slice, std::shared_ptr<const isa::Executable> executable,
                                const std::filesystem::path& file) = 0;
  Result<LoadedId> load(SliceId slice, std::shared_ptr<const isa::Executable> executable) {
    return load(slice, std::move(executable), {});
  }
  virtual void unload(SliceId slice, LoadedId loaded) = 0;
  /// Queues work; kResourceExhausted when the slice's queue is full, kInvalidArgument when inputs do not fit
  /// the program. `done` is called exactly once if and only if submit succeeded.
  virtual Status submit(SliceId slice, Work work) = 0;
};

struct DeviceOptions {
  std::string name{};                // of this chip, in messages; its spec's if empty
  std::size_t queue_capacity = 256;  // requests waiting per slice
  unsigned threads_per_slice = 0;    // 0: the slice's cores, at most the machine's
  /// How long the first request may wait for others to share a batch; 0 turns batching off. Merged requests
  /// get the bytes and the cost that they would have had alone.
  std::chrono::microseconds batch_delay{0};
};

/// A chip simulated (or, for `host`, simply run) by chip::Engine on this machine.
std::unique_ptr<Device> make_engine_device(isa::ChipSpec chip, const DeviceOptions& options = {});

}  // namespace chengying::runtime
