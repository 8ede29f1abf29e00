// Words that somebody typed, held against the words that there are. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace chengying {

/// What to say of a word that is not allowed: "did you mean 'x'?" with the nearest one, or "allowed: " and
/// the list of all if none is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> allowed);

}  // namespace chengying
