// PriceBook: what can be rented and what it costs: a TOML file with a version and a currency, and its offers.
// Its invariant: a version never changes (its digest is kept by the store, which refuses another text under
// the same version). Prices are integer micro-units per core-hour. A value; any thread. docs/ledger.md has
// the rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "billing/money.h"

namespace chengying::billing {

enum class Term : std::uint8_t {
  kOnDemand,  // a lease, its cores billed by the started second
  kShared,    // no lease: only the work is billed, at a higher price
  kReserved,  // a lease for its whole time: all its started hours are billed, used or not; renewable
  kSpot,      // a lease by the started second that can be taken back with notice
};
std::string_view name_of(Term term);  // "on_demand", "shared", "reserved", "spot"
Result<Term> parse_term(std::string_view name);

struct Offer {
  std::string id;           // unique within the book: "hanguang800.1.on_demand"
  std::string chip;         // name of a chip spec
  std::uint16_t cores = 1;  // of the slice, on each chip
  std::uint16_t chips = 1;  // 1, 2, 4, 8 or 16; more than one: whole chips
  Term term = Term::kOnDemand;
  std::int64_t capacity_micro_per_core_hour = 0;  // for holding cores; 0 for shared
  std::int64_t work_micro_per_core_hour = 0;      // for core-time that requests use
  std::int64_t seconds_max = 0;                   // longest lease; 0 for shared
  std::int64_t notice_seconds = 0;                // spot: from the notice to the end
  bool operator==(const Offer&) const = default;
};

struct PriceBook {
  std::int64_t version = 0;   // >= 1
  std::string currency;       // ISO 4217: "USD"
  std::vector<Offer> offers;  // in file order
  std::string text;           // the file itself
  Digest digest;              // of text
  const Offer* find(std::string_view offer_id) const;
};

/// `path` is used in messages. Errors name file, line, key, what was found and what is allowed.
Result<PriceBook> parse_price_book(std::string_view toml_text, std::string_view path);

/// Price of work: ceil(cycles * cores * micro_per_core_hour * 1000 / (clock_hz * 3600)) nano-units, exact.
/// kInvalidArgument if an argument is negative, cores or clock are 0, or the price does not fit.
Result<Money> work_price(std::uint64_t cycles, std::uint16_t cores, std::uint64_t clock_hz,
                         std::int64_t micro_per_core_hour);
/// Price of holding cores for `seconds` (whole, already rounded up to what the term bills):
/// ceil(seconds * cores * micro_per_core_hour * 1000 / 3600) nano-units.
Result<Money> capacity_price(std::int64_t seconds, std::int64_t cores, std::int64_t micro_per_core_hour);
/// Started seconds (on demand, spot) or started hours in seconds (reserved) of `held_us` microseconds; at
/// least one.
std::int64_t billed_seconds(Term term, std::int64_t held_us);

}  // namespace chengying::billing
