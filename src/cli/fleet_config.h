// The fleet's file: how many chips of each kind. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace chengying::cli {

/// Chip name -> count. kInvalidArgument names `path`, the line and what would be right.
Result<std::map<std::string, std::int64_t>> parse_fleet(std::string_view toml_text, std::string_view path);

}  // namespace chengying::cli
