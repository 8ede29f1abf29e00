// A price book of one shared offer, "a.shared", for tests of records and their sums.
#pragma once

#include <string_view>

namespace chengying::billing {

inline constexpr std::string_view kSmallBook = R"(version = 1
currency = "USD"
[[offer]]
id = "a.shared"
chip = "a"
cores = 2
term = "shared"
work_micro_per_core_hour = 99_999
)";

}  // namespace chengying::billing
