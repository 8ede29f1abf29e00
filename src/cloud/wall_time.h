// Wall times as text, the inverse of base's format_utc. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace chengying::cloud {

/// "2026-11-24T05:24:49Z", with up to six places of a second: microseconds since 1970. kInvalidArgument names
/// `what`.
Result<std::int64_t> parse_utc(std::string_view what, std::string_view text);

}  // namespace chengying::cloud
