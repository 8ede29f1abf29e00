// Metrics: what the door counts, and the page in Prometheus' text format that shows it beside the cloud's own
// counters. Any thread; counting takes one short lock.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "cloud/cloud.h"
#include "cloud/doors/server.h"

namespace chengying::doors {

struct DoorLevels {
  ServerCounts server;
  std::size_t quick_queued = 0, slow_queued = 0;
};

class Metrics {
 public:
  /// One request answered. `route` is a pattern of the table (it must outlive this), or "none".
  void observe(std::string_view route, int status, std::chrono::nanoseconds elapsed);
  std::string text(const cloud::Stats& stats, const DoorLevels& levels) const;

 private:
  static constexpr std::array kBoundsMs = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000};
  struct Histogram {
    std::array<std::uint64_t, kBoundsMs.size()> at_most{};  // not cumulative
    std::uint64_t count = 0;
    std::chrono::nanoseconds sum{0};
  };
  void append_requests(std::string& out) const;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::pair<std::string_view, int>, std::uint64_t> requests_;
  std::map<std::string_view, Histogram> latencies_;
};

}  // namespace chengying::doors
