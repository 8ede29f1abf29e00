// Record: one thing that was used and what it cost; what an invoice sums up. Its canonical text is one JSON
// line with fixed fields in a fixed order, integers and strings only; `hash` chains it to the tenant's record
// before. Its invariant: price == work_price(...) or capacity_price(...) of its own fields. docs/ledger.md
// has the format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"
#include "billing/money.h"

namespace chengying::billing {

/// kAdjustment: money given back, or asked for late, for what an earlier period had; never a change of it.
enum class RecordKind : std::uint8_t { kWork, kCapacity, kAdjustment };
std::string_view name_of(RecordKind kind);  // "work", "capacity", "adjustment"
bool enum_from_name(std::string_view name, RecordKind& kind);

struct Record {
  std::int64_t sequence = 0;  // of the tenant's records, from 1 without gaps
  std::string tenant;
  RecordKind kind = RecordKind::kWork;
  std::string
      request;  // the request's id (work), the lease's id (capacity), the tenant's or operator's (adjustment)
  std::string endpoint;  // work: the endpoint's id; capacity: ""
  std::string lease;     // "" for shared work
  std::string project;   // that it belongs to, or ""
  std::string key;       // id of the key that asked, or ""
  std::string offer;
  std::string chip;
  std::uint16_t cores = 1;  // of each chip
  std::uint16_t chips = 1;  // capacity: of the lease; work runs on one
  std::uint64_t clock_hz = 0;
  Digest executable;  // work: what ran
  std::int32_t batch = 0;
  /// Work: of the program, such as the lengths of sequences, in its order, with commas: "17,5". "": it has
  /// none.
  std::string arguments;
  std::uint64_t cycles = 0;
  std::uint64_t picojoules = 0;
  std::uint64_t bytes = 0;          // work: of the tensors that came and went
  std::int64_t seconds = 0;         // capacity: billed seconds
  std::int64_t seconds_before = 0;  // capacity: billed by earlier records of the same stretch of the lease
  std::string note;                 // adjustment: what for
  std::int64_t price_book_version = 0;
  std::int64_t micro_per_core_hour = 0;  // the price that applied
  Money price;
  std::string quote;  // id of the redeemed quote, or ""
  /// Work: "" if it was answered; else why not, as an error's name ("deadline_exceeded"). Such a record has
  /// no cycles and costs nothing.
  std::string status;
  std::int64_t started_us = 0;    // work: when it was taken on, as monotonic_us, which is when it ended
  std::int64_t monotonic_us = 0;  // the service's own time line: never goes back, survives restarts
  std::string at;                 // wall time, for people: "2026-11-24T05:24:49.123456Z"
  Digest previous;                // hash of the record before; zeros for the first
  Digest hash;                    // sha256 of the canonical text without `hash`
  bool operator==(const Record&) const = default;
};

/// The price that the record's own fields give: what `price` must equal. Of capacity in parts, the whole so
/// far less what was asked for before, so that parts never cost more than the whole. An adjustment is what it
/// says.
Result<Money> price_of(const Record& record);
/// Sets hash from all other fields.
void seal(Record& record);
/// One line, no newline.
std::string to_json(const Record& record);
/// Only accepts exactly what to_json writes: kInvalidArgument names the field and what is wrong with it.
Result<Record> parse_record(std::string_view line);
/// The same into a record that may hold the one before, whose memory it uses again.
Status parse_record_into(Record& record, std::string_view line);
/// The hash that a line that parse_record accepts must have: of the line without the field itself.
Digest hash_of_line(std::string_view line);

}  // namespace chengying::billing
