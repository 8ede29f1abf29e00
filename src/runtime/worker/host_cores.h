// HostCores: which of this machine's cores a slice's worker runs on. While there are enough, a slice gets as
// many as it has threads, and no other slice gets those; one core at least stays for the service and for the
// slices that share, which get a weight by their own size instead. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace chengying::runtime {

/// Where a worker runs.
struct HostPlace {
  std::vector<std::uint32_t> cores;  // it may run on these
  bool own = false;                  // nobody else of the service's slices may
  std::int32_t nice = 0;             // of the system's scheduler: its weight where it shares
};

class HostCores {
 public:
  /// Of all that this process may run on.
  HostCores();
  explicit HostCores(std::set<std::uint32_t> cores);

  /// For a slice of `cores` of a chip of `chip_cores`, with so many threads.
  /// For a slice of `cores` of a chip of `chip_cores`, that runs on so many threads.
  HostPlace take(unsigned threads, std::int64_t cores, std::int64_t chip_cores);
  void give_back(const HostPlace& place);
  std::size_t count() const { return all_.size(); }

 private:
  const std::set<std::uint32_t> all_;
  std::mutex mutex_;  // of the members below
  std::set<std::uint32_t> owned_;
  std::map<std::uint32_t, int> shared_;  // how many slices share it: while one does, it is nobody's own
};

/// The nice value that gives a slice its share by its size: each step is a factor of 1.25 in the system's
/// scheduler. 0 is that of a slice of the whole chip, on as many threads as this machine gives it.
std::int32_t nice_of(unsigned threads, std::int64_t cores, std::int64_t chip_cores,
                     std::int64_t machine_cores);

}  // namespace chengying::runtime
