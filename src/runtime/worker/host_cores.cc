#include "runtime/worker/host_cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace chengying::runtime {
namespace {

std::set<std::uint32_t> cores_of_this_process() {
  std::set<std::uint32_t> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
  for (std::uint32_t core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) cores.insert(core);
  return cores;
}

}  // namespace

HostCores::HostCores() : HostCores(cores_of_this_process()) {}

HostCores::HostCores(std::set<std::uint32_t> cores) : all_(std::move(cores)) {}

HostPlace HostCores::take(unsigned threads, std::int64_t cores, std::int64_t chip_cores) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> unowned, unused;
  for (const std::uint32_t core : all_) {
    if (owned_.contains(core)) continue;
    unowned.push_back(core);
    if (!shared_.contains(core)) unused.push_back(core);
  }
  if (unused.size() >= threads && unowned.size() > threads) {
    // The highest: the first core is where a system does its own work.
    HostPlace own{{unused.end() - threads, unused.end()}, true, 0};
    owned_.insert(own.cores.begin(), own.cores.end());
    return own;
  }
  for (const std::uint32_t core : unowned) ++shared_[core];
  return {unowned, false, nice_of(threads, cores, chip_cores, static_cast<std::int64_t>(all_.size()))};
}

void HostCores::give_back(const HostPlace& place) {
  const std::lock_guard lock(mutex_);
  for (const std::uint32_t core : place.cores) {
    if (place.own) {
      owned_.erase(core);
    } else if (--shared_[core] == 0) {
      shared_.erase(core);
    }
  }
}

std::int32_t nice_of(unsigned threads, std::int64_t cores, std::int64_t chip_cores,
                     std::int64_t machine_cores) {
  constexpr double kStep = 1.25;
  constexpr std::int32_t kMost = 19;
  const double own = static_cast<double>(cores) / std::max(1U, threads);
  const double most = static_cast<double>(chip_cores) /
                      static_cast<double>(std::max<std::int64_t>(1, std::min(chip_cores, machine_cores)));
  return std::clamp(static_cast<std::int32_t>(std::lround(std::log(most / own) / std::log(kStep))), 0, kMost);
}

}  // namespace chengying::runtime
