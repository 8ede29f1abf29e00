#include "billing/money.h"

#include <charconv>

namespace chengying::billing {

namespace {
std::unexpected<Error> overflow() {
  return fail(Code::kInvalidArgument,
              "amount overflows: amounts are between -9223372036 and 9223372036 units");
}
/// `value` with `places` digits behind the point.
std::string with_places(std::int64_t value, std::int64_t scale, int places) {
  const std::uint64_t size =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const std::uint64_t unit = static_cast<std::uint64_t>(scale);
  return fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", size / unit, size % unit, places);
}
}  // namespace

Result<Money> Money::micro(std::int64_t micro_units) {
  std::int64_t nano_units = 0;
  if (__builtin_mul_overflow(micro_units, kNanoPerMicro, &nano_units)) return overflow();
  return Money(nano_units);
}

Result<Money> Money::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::kInvalidArgument,
                "\"{}\" is not an amount: write units with at most nine places, as in 12.5 or 0.000000012",
                text.substr(0, 40));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  const std::size_t point = rest.find('.');
  const std::string_view whole = rest.substr(0, point);
  const std::string_view places = point == std::string_view::npos ? "" : rest.substr(point + 1);
  if (whole.empty() || places.size() > 9 || (point != std::string_view::npos && places.empty()))
    return wrong();
  const auto all_digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!all_digits(whole) || !all_digits(places)) return wrong();
  std::int64_t units = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), units).ec != std::errc()) return overflow();
  std::int64_t nano_units = 0;
  for (std::size_t i = 0; i < 9; ++i)
    nano_units = nano_units * 10 + (i < places.size() ? places[i] - '0' : 0);
  std::int64_t total = 0;
  if (__builtin_mul_overflow(units, kNanoPerUnit, &total) ||
      __builtin_add_overflow(total, nano_units, &total)) {
    return overflow();
  }
  return Money(negative ? -total : total);
}

Result<Money> add(Money a, Money b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.nano(), b.nano(), &sum)) return overflow();
  return Money::nano(sum);
}

Result<Money> subtract(Money a, Money b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a.nano(), b.nano(), &difference)) return overflow();
  return Money::nano(difference);
}

Result<Money> negate(Money a) {
  return subtract(Money(), a);
}

std::string to_string(Money money) {
  return with_places(money.nano(), kNanoPerUnit, 9);
}
std::string to_micro_string(std::int64_t micro_units) {
  return with_places(micro_units, 1'000'000, 6);
}

}  // namespace chengying::billing
