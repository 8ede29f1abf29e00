// Clock: the wall clock and a monotonic one, as a parameter, so that tests and drills own time.
#pragma once

#include <cstdint>
#include <string>

namespace chengying {

/// Two interfaces to time; `SystemClock` is the real one, tests write their own.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01 UTC; may jump. Only for showing to people and for naming periods.
  virtual std::int64_t wall_us() const = 0;
  /// Microseconds from an arbitrary start; never goes back. For durations that are billed.
  virtual std::int64_t monotonic_us() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t wall_us() const override;
  std::int64_t monotonic_us() const override;
};

/// A wall clock that does not jump: what `inner` said when this was made, and from then on what its monotonic
/// clock counts. What is dated by it depends on when the program started, and on nothing that happens to the
/// machine's clock while it runs.
class SteadyClock final : public Clock {
 public:
  /// `inner` must outlive this.
  explicit SteadyClock(const Clock& inner)
      : inner_(inner), wall_at_start_us_(inner.wall_us() - inner.monotonic_us()) {}
  std::int64_t wall_us() const override { return wall_at_start_us_ + inner_.monotonic_us(); }
  std::int64_t monotonic_us() const override { return inner_.monotonic_us(); }

 private:
  const Clock& inner_;
  const std::int64_t wall_at_start_us_;  // less the monotonic time then
};

/// "2026-11-24T05:24:49.123456Z" for microseconds since 1970.
std::string format_utc(std::int64_t wall_us);

}  // namespace chengying
