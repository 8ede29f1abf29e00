// UTF-8, a character at a time. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace chengying::cloud {

/// Length of the well-formed UTF-8 sequence at the front of a text that is not empty; 0 if there is none
/// (overlong forms and surrogates included).
std::size_t utf8_length(std::string_view text);

}  // namespace chengying::cloud
