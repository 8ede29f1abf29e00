// NAME=NUMBER, again and again: what --dimension and --argument take.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chengying::cli {

/// kInvalidArgument, naming `option` and the text, for what is not NAME=NUMBER with a number of at least
/// `low`, and for a name that comes twice.
Result<std::map<std::string, std::int64_t>> named_numbers(std::string_view option,
                                                          const std::vector<std::string>& texts,
                                                          std::int64_t low = INT64_MIN);

}  // namespace chengying::cli
