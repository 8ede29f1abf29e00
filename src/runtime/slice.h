// Slice: some cores of a chip with their thread, their queue and what is loaded on them. Owned by the device;
// any thread may call it. Requests run one group after another on the slice's own thread, and so do their
// completions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "chip/engine.h"
#include "runtime/batcher.h"
#include "runtime/cost.h"
#include "runtime/device.h"

namespace chengying::runtime {

/// So many threads run a slice's program.
unsigned threads_for(std::uint16_t cores, const DeviceOptions& options);

class Slice {
 public:
  Slice(const isa::ChipSpec& chip, std::uint16_t cores, std::int64_t fence, const DeviceOptions& options);
  ~Slice();
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  std::uint16_t cores() const { return cores_; }
  /// The file is of no use here: the executable's constants are in this process already.
  Status load(LoadedId id, std::shared_ptr<const isa::Executable> executable,
              const std::filesystem::path& file = {});
  void unload(LoadedId id);
  /// kConflict for work of another grant than the slice's.
  Status submit(Work work);
  /// Running work finishes, queued work ends with kUnavailable, the thread ends. Idempotent; not from a
  /// completion of this slice (CHECKed), whose thread would wait for itself.
  void close();

 private:
  struct Loaded {
    Loaded(const isa::ChipSpec& chip, std::uint16_t cores, unsigned threads) : engine(chip, cores, threads) {}
    std::shared_ptr<const isa::Executable>
        executable;       // shared with other slices that run the same mapped file
    chip::Engine engine;  // once loaded, used by the slice's thread alone
    CostTable costs;
    std::int32_t group_limit = 0;  // samples that may run together
  };

  void serve();
  void run_group(std::vector<Work> group);
  void run_live(Loaded& loaded, std::vector<Work>& group);
  std::shared_ptr<Loaded> find(LoadedId id) const;

  const isa::ChipSpec& chip_;
  const std::uint16_t cores_;
  const std::int64_t fence_;
  const unsigned threads_;
  mutable std::mutex mutex_;                            // of loaded_
  std::map<LoadedId, std::shared_ptr<Loaded>> loaded_;  // shared: a run in flight outlives an unload
  Batcher batcher_;
  std::once_flag closed_;
  std::thread thread_;  // last: everything else is there when it starts
};

}  // namespace chengying::runtime
