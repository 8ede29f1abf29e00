#include "cloud/wall_time.h"

#include <charconv>
#include <chrono>

namespace chengying::cloud {

namespace {
/// Exactly `count` digits at the front, taken away; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || text.substr(0, count).find_first_not_of("0123456789") != std::string_view::npos)
    return -1;
  int value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}
bool take(std::string_view& text, char token) {
  if (!text.starts_with(token)) return false;
  text.remove_prefix(1);
  return true;
}
/// Up to six places of a second, as microseconds.
int take_fraction(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  if (count == 0 || count > 6) return -1;
  int value = take_digits(text, count);
  for (std::size_t i = count; i < 6; ++i) value *= 10;
  return value;
}
}  // namespace

Result<std::int64_t> parse_utc(std::string_view what, std::string_view text) {
  std::string_view rest = text;
  const int year = take_digits(rest, 4);
  const bool a = take(rest, '-');
  const int month = take_digits(rest, 2);
  const bool b = take(rest, '-');
  const int day = take_digits(rest, 2);
  const bool c = take(rest, 'T');
  const int hour = take_digits(rest, 2);
  const bool d = take(rest, ':');
  const int minute = take_digits(rest, 2);
  const bool e = take(rest, ':');
  const int second = take_digits(rest, 2);
  const int fraction = take(rest, '.') ? take_fraction(rest) : 0;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  const bool shaped = a && b && c && d && e && fraction >= 0 && rest == "Z";
  const bool valid = shaped && year >= 1970 && month > 0 && day > 0 && date.ok() && hour >= 0 && hour < 24 &&
                     minute >= 0 && minute < 60 && second >= 0 && second < 61;
  if (!valid) {
    return fail(Code::kInvalidArgument, "{} \"{}\" is not a time like 2026-11-24T05:24:49Z", what,
                text.substr(0, 40));
  }
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(days).count() + hour * 3600 + minute * 60 + second;
  return seconds * 1'000'000 + fraction;
}

std::int64_t month_of(std::int64_t wall_us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(wall_us)};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
  return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month()) - 1;
}

std::int64_t start_of_month(std::int64_t month) {
  const std::chrono::year_month_day first{std::chrono::year(static_cast<int>(month / 12)),
                                          std::chrono::month(static_cast<unsigned>(month % 12 + 1)),
                                          std::chrono::day(1)};
  const std::chrono::sys_time<std::chrono::microseconds> time = std::chrono::sys_days(first);
  return time.time_since_epoch().count();
}

std::string month_text(std::int64_t month) {
  return fmt::format("{:04}-{:02}", month / 12, month % 12 + 1);
}

}  // namespace chengying::cloud
