#include "cloud/text.h"

#include <algorithm>

#include "cloud/utf8.h"

namespace chengying::cloud {

Status needs(const Caller& caller, Scope scope) {
  if (caller.may(scope)) return {};
  return fail(Code::kPermissionDenied, "this key lacks the scope \"{}\"", name_of(scope));
}

Status check_utf8(std::string_view what, std::string_view text, std::int64_t bytes_max) {
  if (static_cast<std::int64_t>(text.size()) > bytes_max) {
    return fail(Code::kTooLarge, "{} has {} bytes, at most {} are taken", what, text.size(), bytes_max);
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0)
      return fail(Code::kInvalidArgument, "{} is not UTF-8 at byte {}", what, text.size() - rest.size());
    rest.remove_prefix(length);
  }
  return {};
}

Status check_text(std::string_view what, std::string_view text, bool may_be_empty, std::int64_t bytes_max) {
  if (text.empty() && !may_be_empty) return fail(Code::kInvalidArgument, "{} is empty", what);
  TRY(check_utf8(what, text, bytes_max));
  const bool control = std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
  if (control) return fail(Code::kInvalidArgument, "{} has control characters", what);
  return {};
}

Status check_endpoint_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const bool plain = !name.empty() && name.size() <= 128 &&
                     name.find_first_not_of(kAllowed) == std::string_view::npos && name != "." &&
                     name != "..";
  if (!plain) {
    return fail(Code::kInvalidArgument,
                "an endpoint's name is 1 to 128 letters, digits, '-', '_' or '.'; \"{}\" is not",
                name.substr(0, 40));
  }
  return {};
}

}  // namespace chengying::cloud
