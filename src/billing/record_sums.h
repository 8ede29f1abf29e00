// RecordSums: what an invoice says of a run of records, without keeping them: its lines, its ends, the price
// books. Invariant: adding records one by one, or adding runs of them apart and merging the runs in order,
// gives the same. A value; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "billing/record.h"

namespace chengying::billing {

/// One line: the capacity of a lease, or the work of an endpoint under one offer and price book version; or
/// what was adjusted, by its note.
struct InvoiceLine {
  RecordKind kind = RecordKind::kWork;
  std::string subject;  // lease id (capacity), endpoint id (work), note (adjustment)
  std::string project;
  std::string offer, chip;
  std::uint16_t cores = 1, chips = 1;
  std::int64_t price_book_version = 0;
  std::int64_t micro_per_core_hour = 0;
  std::int64_t count = 0;        // records; of work: those that were answered
  std::int64_t seconds = 0;      // capacity
  std::uint64_t cycles = 0;      // work
  std::uint64_t picojoules = 0;  // work
  Money exact;                   // sum of the records' prices
  std::int64_t amount_micro =
      0;  // exact rounded down (a credit too): an invoice never asks for more than was metered
  bool operator==(const InvoiceLine&) const = default;
};

class RecordSums {
 public:
  /// kInvalidArgument if a sum overflows; then these sums are of no use any more.
  Status add(const Record& record);
  /// `later`: of the records that follow these.
  Status merge(const RecordSums& later);

  std::int64_t records() const { return records_; }
  /// Of the first and the last record; "" and 0 if there is none.
  const std::string& period_from() const { return period_from_; }
  const std::string& period_to() const { return period_to_; }
  std::int64_t first_sequence() const { return first_sequence_; }
  std::int64_t last_sequence() const { return last_sequence_; }
  const Digest& chain_after() const { return chain_after_; }
  /// Versions that priced something.
  const std::set<std::int64_t>& price_books() const { return price_books_; }
  /// Capacity, work, adjustments; then by project, subject, offer, version. Amounts are not rounded yet.
  std::vector<InvoiceLine> lines() const;

 private:
  /// What prices a record keeps lines apart: order, project, subject, offer, version, chip, cores, chips,
  /// price.
  template <class Text>
  using Key =
      std::tuple<int, Text, Text, Text, std::int64_t, Text, std::uint16_t, std::uint16_t, std::int64_t>;

  static Key<std::string_view> key_of(const Record& record);
  InvoiceLine& line_of(const Record& record);

  std::map<Key<std::string>, InvoiceLine, std::less<>> lines_;
  std::set<std::int64_t> price_books_;
  std::int64_t records_ = 0, first_sequence_ = 0, last_sequence_ = 0;
  std::string period_from_, period_to_;
  Digest chain_after_;
};

}  // namespace chengying::billing
