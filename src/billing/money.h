// Money: an exact amount in billionths (nano-units) of the price book's currency, signed, 64 bits: up to 9.2
// billion units. Never floating point; an operation that overflows is an Error, never a wrap. A value; any
// thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace chengying::billing {

inline constexpr std::int64_t kNanoPerUnit = 1'000'000'000;
inline constexpr std::int64_t kNanoPerMicro = 1'000;

class Money {
 public:
  constexpr Money() = default;
  static constexpr Money nano(std::int64_t nano_units) { return Money(nano_units); }
  /// kInvalidArgument if the amount does not fit.
  static Result<Money> micro(std::int64_t micro_units);
  /// "12", "-0.5", "0.000000012": a decimal number of units with at most nine places. kInvalidArgument
  /// otherwise.
  static Result<Money> parse(std::string_view text);

  constexpr std::int64_t nano() const { return nano_; }
  constexpr auto operator<=>(const Money&) const = default;

 private:
  constexpr explicit Money(std::int64_t nano_units) : nano_(nano_units) {}
  std::int64_t nano_ = 0;
};

/// kInvalidArgument "amount overflows" if the result does not fit.
Result<Money> add(Money a, Money b);
Result<Money> subtract(Money a, Money b);
Result<Money> negate(Money a);

/// Always nine places: "0.000000012", "-3.500000000". What records, invoices and people see.
std::string to_string(Money money);
/// Micro-units (1e-6) with six places, of an amount that is a whole number of micro-units: "12.340001".
std::string to_micro_string(std::int64_t micro_units);

}  // namespace chengying::billing
