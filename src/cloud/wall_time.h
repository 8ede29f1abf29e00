// Wall times as text, the inverse of base's format_utc. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace chengying::cloud {

/// "2026-11-24T05:24:49Z", with up to six places of a second: microseconds since 1970. kInvalidArgument names
/// `what`.
Result<std::int64_t> parse_utc(std::string_view what, std::string_view text);

/// The calendar month (UTC) that a time is in: months since the year 0.
std::int64_t month_of(std::int64_t wall_us);
/// The first instant of it.
std::int64_t start_of_month(std::int64_t month);
/// "2026-11".
std::string month_text(std::int64_t month);

}  // namespace chengying::cloud
