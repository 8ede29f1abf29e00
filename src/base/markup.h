// Text from outside as text of an HTML or SVG document. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chengying {

/// &, <, > and " as entities.
std::string markup_escaped(std::string_view text);

}  // namespace chengying
