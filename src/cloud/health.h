// Health: asks each open slice a small question whose answer is known, again and again, and says which chips
// don't pass: wrong answers, no answers, slow ones. One thread (the keeper's); answers come on the slices'
// threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cloud/chips.h"
#include "cloud/cloud.h"

namespace chengying::cloud {

class Health {
 public:
  Health(const HealthOptions& options, const Machinery& machinery)
      : options_(options), machinery_(machinery) {}

  struct Failed {
    std::string chip, reason;
    std::int64_t good_until_us = 0;  // of the service's time line: when the last good answer was asked for
  };
  /// Asks where it is time to, and returns what was found since the last call: each chip once.
  std::vector<Failed> check(const Chips& chips, std::int64_t now_us);

 private:
  /// What the slice's thread writes.
  struct Answer {
    std::mutex mutex;
    bool done = false;
    bool slow = false;
    bool away = false;  // what the fault is may pass: nobody is there now
    std::string fault;  // "" : a good answer
  };
  struct Probe {
    runtime::LoadedId loaded;
    std::shared_ptr<Answer> answer;  // shared: the slice may answer when this is gone
    std::chrono::steady_clock::time_point asked;
    std::int64_t asked_us = 0, good_until_us = 0;
    bool usable = true;
    int late = 0;  // checks in a row that found it so, slow or away: a machine that stood still is not a chip
                   // that does, and a worker that is started again is not a chip that is gone
  };
  using Key = std::pair<std::string, runtime::SliceId>;  // chip, slice

  std::shared_ptr<const isa::Executable> executable_for(const runtime::Device& device, std::uint16_t cores);
  void start(Probe& probe, const Place& place, std::uint16_t cores, std::int64_t now_us);
  void ask(Probe& probe, const Place& place, std::int64_t fence, std::int64_t now_us);
  /// "" while all is well.
  std::string fault_of(Probe& probe) const;
  static bool waits(const Probe& probe);

  const HealthOptions options_;
  const Machinery& machinery_;
  std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<const isa::Executable>> executables_;
  std::map<Key, Probe> probes_;
};

}  // namespace chengying::cloud
