#include "base/error.h"

#include <array>

#include "base/check.h"

namespace chengying {
namespace {

struct CodeRow {
  Code code;
  std::string_view name;
  int http;
  int exit;
};

constexpr std::array kCodes = {
    CodeRow{Code::kInvalidArgument, "invalid_argument", 400, 3},
    CodeRow{Code::kUnauthenticated, "unauthenticated", 401, 4},
    CodeRow{Code::kPermissionDenied, "permission_denied", 403, 5},
    CodeRow{Code::kNotFound, "not_found", 404, 6},
    CodeRow{Code::kConflict, "conflict", 409, 7},
    CodeRow{Code::kPaymentRequired, "payment_required", 402, 8},
    CodeRow{Code::kTooLarge, "too_large", 413, 9},
    CodeRow{Code::kUnsupported, "unsupported", 422, 10},
    CodeRow{Code::kResourceExhausted, "resource_exhausted", 429, 11},
    CodeRow{Code::kUnavailable, "unavailable", 503, 12},
    CodeRow{Code::kDeadlineExceeded, "deadline_exceeded", 504, 13},
    CodeRow{Code::kDataLoss, "data_loss", 500, 14},
    CodeRow{Code::kInternal, "internal", 500, 15},
};

const CodeRow& row_of(Code code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kCodes.size() && kCodes[index].code == code);
  return kCodes[index];
}

}  // namespace

std::string_view name_of(Code code) {
  return row_of(code).name;
}
int http_status_of(Code code) {
  return row_of(code).http;
}
int exit_code_of(Code code) {
  return row_of(code).exit;
}

}  // namespace chengying
