#include "base/clock.h"

#include <gtest/gtest.h>

namespace chengying {
namespace {

TEST(Clock, UtcTextIsIso8601ToTheMicrosecondOnBothSidesOf1970) {
  EXPECT_EQ(format_utc(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_utc(1'795'497'889'123'456), "2026-11-24T05:24:49.123456Z");
  EXPECT_EQ(format_utc(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, TheMonotonicClockNeverGoesBack) {
  const SystemClock clock;
  std::int64_t last = clock.monotonic_us();
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t now = clock.monotonic_us();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(SteadyClock, GoesOnFromTheTimeOfItsStartWhateverTheMachinesClockDoes) {
  struct Moved final : Clock {
    std::int64_t wall_us() const override { return wall; }
    std::int64_t monotonic_us() const override { return monotonic; }
    std::int64_t wall = 1'000'000, monotonic = 70;
  } machine;
  const SteadyClock clock(machine);
  EXPECT_EQ(clock.wall_us(), 1'000'000);
  machine.wall -= 900'000;
  machine.monotonic += 5;
  EXPECT_EQ(clock.wall_us(), 1'000'005);
  EXPECT_EQ(clock.monotonic_us(), 75);
  EXPECT_EQ(SteadyClock(machine).wall_us(), 100'000) << "one that starts later believes the machine";
}

}  // namespace
}  // namespace chengying
