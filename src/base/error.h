// Error: what the caller or the world did wrong, as a value. The list of codes is closed; each maps to one
// HTTP status and one exit code of the command line (see docs/adr/0001-errors.md). A message says what was
// wrong, where, and what would be right; it never names another tenant, a secret or an address in memory.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace chengying {

enum class Code : std::uint8_t {
  kInvalidArgument,    // malformed input: a file, a shape, a flag, a body
  kUnauthenticated,    // no key, or a key that is unknown, revoked or expired
  kPermissionDenied,   // a known key without the scope
  kNotFound,           // no such thing, or not yours: the two look the same
  kConflict,           // the same id with another body; a state that does not allow the step
  kPaymentRequired,    // not enough money, or a cap reached
  kTooLarge,           // over a limit on size
  kUnsupported,        // valid, but this chip or compiler lacks it
  kResourceExhausted,  // queue full, quota reached, no free cores
  kUnavailable,        // draining, starting, store not writable (disk full)
  kDeadlineExceeded,   // not done in the time that was given
  kDataLoss,           // bytes that do not match their digest; a broken journal
  kInternal,           // the world did what we had no name for
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Name of a code as machines read it, for example "invalid_argument".
std::string_view name_of(Code code);
/// HTTP status of a code, 400 to 599.
int http_status_of(Code code);
/// Exit code of the command line for a code, 1 to 125; 0 is success, 2 a usage error of the command line
/// itself.
int exit_code_of(Code code);

/// `return fail(Code::kInvalidArgument, "batch {} is not in 1..{}", batch, max);`
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// The same error with "prefix: " before its message, to say where it happened.
[[nodiscard]] inline std::unexpected<Error> within(std::string_view prefix, Error error) {
  error.message = fmt::format("{}: {}", prefix, error.message);
  return std::unexpected<Error>(std::move(error));
}

}  // namespace chengying

#define CHENGYING_CONCAT_(a, b) a##b
#define CHENGYING_CONCAT(a, b) CHENGYING_CONCAT_(a, b)
/// TRY(expression): returns the error of a Status from the enclosing function.
#define TRY(...)                                                                  \
  do {                                                                            \
    if (auto try_status_ = (__VA_ARGS__); !try_status_)                           \
      return std::unexpected<::chengying::Error>(std::move(try_status_).error()); \
  } while (false)
#define CHENGYING_TRY_ASSIGN(temporary, declaration, ...)                                   \
  auto temporary = (__VA_ARGS__);                                                           \
  if (!temporary) return std::unexpected<::chengying::Error>(std::move(temporary).error()); \
  declaration = *std::move(temporary)
/// TRY_ASSIGN(auto x, expression): declares or assigns the value of a Result, or returns its error.
#define TRY_ASSIGN(declaration, ...) \
  CHENGYING_TRY_ASSIGN(CHENGYING_CONCAT(try_result_, __LINE__), declaration, __VA_ARGS__)
