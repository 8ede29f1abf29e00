// The arithmetic of prices: 128-bit integers, exact, rounded up once to the nano-unit.
#include <limits>

#include "billing/price_book.h"

namespace chengying::billing {

namespace {
__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kSecondsPerHour = 3600;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

std::unexpected<Error> too_much() {
  return fail(Code::kInvalidArgument, "amount overflows: a price is below 9223372036 units");
}

/// ceil(a * b / c) as Money, where a fits 96 bits or the product is refused.
Result<Money> ceil_ratio(Wide a, Wide b, Wide c) {
  if (a != 0 && b > ~Wide{0} / a) return too_much();
  const Wide product = a * b;
  const Wide quotient = product / c + (product % c != 0);
  if (quotient > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return too_much();
  return Money::nano(static_cast<std::int64_t>(quotient));
}
}  // namespace

Result<Money> work_price(std::uint64_t cycles, std::uint16_t cores, std::uint64_t clock_hz,
                         std::int64_t micro_per_core_hour) {
  if (cores == 0 || clock_hz == 0 || micro_per_core_hour < 0) {
    return fail(Code::kInvalidArgument, "a price of work needs cores >= 1, clock >= 1 Hz and a price >= 0");
  }
  const Wide nano_per_core_hour = Wide(static_cast<std::uint64_t>(micro_per_core_hour)) * kNanoPerMicro;
  return ceil_ratio(Wide(cycles) * cores, nano_per_core_hour, Wide(clock_hz) * kSecondsPerHour);
}

Result<Money> capacity_price(std::int64_t seconds, std::int64_t cores, std::int64_t micro_per_core_hour) {
  if (cores < 1 || seconds < 0 || micro_per_core_hour < 0) {
    return fail(Code::kInvalidArgument,
                "a price of capacity needs cores >= 1, seconds >= 0 and a price >= 0");
  }
  const Wide nano_per_core_hour = Wide(static_cast<std::uint64_t>(micro_per_core_hour)) * kNanoPerMicro;
  return ceil_ratio(Wide(static_cast<std::uint64_t>(seconds)) * static_cast<std::uint64_t>(cores),
                    nano_per_core_hour, kSecondsPerHour);
}

std::int64_t billed_seconds(Term term, std::int64_t held_us) {
  const std::int64_t unit = term == Term::kReserved ? kSecondsPerHour : 1;
  const std::int64_t unit_us = unit * kMicrosPerSecond;
  const std::int64_t started = held_us <= 0 ? 1 : held_us / unit_us + (held_us % unit_us != 0);
  return started * unit;
}

}  // namespace chengying::billing
