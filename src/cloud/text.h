// Text from outside: what a name, a request id or a file's text may be; and the check of a caller's scope.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "cloud/cloud.h"

namespace chengying::cloud {

/// kPermissionDenied names the scope that the caller's key lacks.
Status needs(const Caller& caller, Scope scope);

/// At most `bytes_max` bytes of UTF-8 without control characters. kInvalidArgument names `what`.
Status check_text(std::string_view what, std::string_view text, bool may_be_empty, std::int64_t bytes_max);
/// UTF-8 with any characters: for JSON texts.
Status check_utf8(std::string_view what, std::string_view text, std::int64_t bytes_max);
/// 1 to 128 letters, digits, '-', '_', '.': what can stand in a path of a URL.
Status check_endpoint_name(std::string_view name);

}  // namespace chengying::cloud
