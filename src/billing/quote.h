// Quote: a price, promised before the work: exact, signed, bound to its tenant and to a price book version,
// with an end. Its token is text that the tenant keeps and hands back; redeemed by a hold. A value; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"
#include "billing/money.h"
#include "billing/price_book.h"

namespace chengying::billing {

enum class QuoteKind : std::uint8_t { kWork, kCapacity };

struct Quote {
  std::string id;  // "qt_" + 24 hexadecimal characters
  QuoteKind kind = QuoteKind::kWork;
  std::string tenant;
  std::string offer;
  std::int64_t price_book_version = 0;
  std::string currency;
  Money price;
  std::int64_t expires_wall_us = 0;
  std::uint16_t cores = 1;
  // kWork
  Digest executable;  // what would run
  std::int32_t batch = 0;
  /// Of the program, as in Record. "" although it has some: whatever they will be, so the price is the
  /// highest.
  std::string arguments;
  std::uint64_t cycles = 0;
  std::uint64_t clock_hz = 0;
  std::uint64_t picojoules = 0;
  // kCapacity
  std::int64_t seconds = 0;
  bool operator==(const Quote&) const = default;
};

/// "cq1.<base64url of the canonical text>.<HMAC-SHA256, hexadecimal>"
std::string sign_quote(const Quote& quote, std::string_view secret);
/// kInvalidArgument for anything that sign_quote did not make with this secret. Says nothing of tenant or
/// time.
Result<Quote> read_quote(std::string_view token, std::string_view secret);

}  // namespace chengying::billing
