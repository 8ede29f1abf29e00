#include "cli/named_numbers.h"

#include <charconv>

namespace chengying::cli {

Result<std::map<std::string, std::int64_t>> named_numbers(std::string_view option,
                                                          const std::vector<std::string>& texts,
                                                          std::int64_t low) {
  std::map<std::string, std::int64_t> numbers;
  for (const std::string& text : texts) {
    const auto equals = text.rfind('=');
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = equals == text.npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                            : std::from_chars(text.data() + equals + 1, end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < low || equals == 0)
      return fail(Code::kInvalidArgument, "{} {}: expected NAME=SIZE, a whole number", option, text);
    if (!numbers.emplace(text.substr(0, equals), number).second)
      return fail(Code::kInvalidArgument, "{} {}: the name was given before", option, text);
  }
  return numbers;
}

}  // namespace chengying::cli
