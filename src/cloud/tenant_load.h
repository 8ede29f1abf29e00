// TenantLoad: what a tenant has going on now, against what it may: requests in flight, and requests per
// second as a bucket that fills with the service's time. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace chengying::cloud {

class TenantLoad {
 public:
  explicit TenantLoad(std::int64_t requests_per_second) : per_second_(requests_per_second) {}

  std::atomic<std::int64_t> in_flight{0};

  std::int64_t per_second() const { return per_second_; }
  void set_per_second(std::int64_t requests) { per_second_ = requests; }

  /// Takes a request out of the bucket, which holds a second's worth; false if it is empty.
  bool take(std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    const std::int64_t rate = per_second_;
    const std::int64_t full = rate * kSecondUs;  // a request is kSecondUs
    const std::int64_t passed = std::clamp<std::int64_t>(now_us - last_us_, 0, kSecondUs);
    level_ = last_us_ < 0 ? full : std::min(full, level_ + passed * rate);
    last_us_ = std::max(now_us, last_us_);
    if (level_ < kSecondUs) return false;
    level_ -= kSecondUs;
    return true;
  }

 private:
  static constexpr std::int64_t kSecondUs = 1'000'000;
  std::atomic<std::int64_t> per_second_;
  std::mutex mutex_;
  std::int64_t level_ = 0;
  std::int64_t last_us_ = -1;
};

}  // namespace chengying::cloud
