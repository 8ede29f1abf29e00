#include "billing/record.h"

#include <array>

#include "base/check.h"
#include "billing/canonical.h"
#include "billing/price_book.h"

namespace chengying::billing {

namespace {
constexpr std::array kKinds{RecordKind::kWork, RecordKind::kCapacity, RecordKind::kAdjustment};
constexpr std::array<std::string_view, kKinds.size()> kKindNames{"work", "capacity", "adjustment"};

/// The fields that `hash` covers, in the order of the canonical text.
template <class Visit, class Value>
void visit_hashed_fields(Visit& visit, Value& record) {
  visit("sequence", record.sequence);
  visit("tenant", record.tenant);
  visit("kind", record.kind);
  visit("request", record.request);
  visit("endpoint", record.endpoint);
  visit("lease", record.lease);
  visit.optional("project", record.project);
  visit.optional("key", record.key);
  visit("offer", record.offer);
  visit("chip", record.chip);
  visit("cores", record.cores);
  visit.optional("chips", record.chips, 1);
  visit("clock_hz", record.clock_hz);
  visit("executable", record.executable);
  visit("batch", record.batch);
  visit.optional("arguments", record.arguments);
  visit("cycles", record.cycles);
  visit("picojoules", record.picojoules);
  visit.optional("bytes", record.bytes);
  visit("seconds", record.seconds);
  visit.optional("seconds_before", record.seconds_before);
  visit.optional("note", record.note);
  visit("price_book_version", record.price_book_version);
  visit("micro_per_core_hour", record.micro_per_core_hour);
  visit("price_nano", record.price);
  visit("quote", record.quote);
  visit.optional("status", record.status);
  visit.optional("started_us", record.started_us);
  visit("monotonic_us", record.monotonic_us);
  visit("at", record.at);
  visit("previous", record.previous);
}
}  // namespace

std::string_view name_of(RecordKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

bool enum_from_name(std::string_view name, RecordKind& kind) {
  for (const RecordKind each : kKinds) {
    if (name == name_of(each)) {
      kind = each;
      return true;
    }
  }
  return false;
}

template <class Visit, class Value>
void visit_fields(Visit& visit, Value& record) {
  visit_hashed_fields(visit, record);
  visit("hash", record.hash);
}

Result<Money> price_of(const Record& record) {
  if (record.kind == RecordKind::kAdjustment) return record.price;
  if (record.kind == RecordKind::kCapacity) {
    std::int64_t until = 0;
    if (record.seconds_before < 0 || __builtin_add_overflow(record.seconds_before, record.seconds, &until)) {
      return fail(Code::kInvalidArgument, "seconds_before {} is not what a lease can have",
                  record.seconds_before);
    }
    const std::int64_t cores = std::int64_t{record.cores} * record.chips;
    TRY_ASSIGN(const Money whole, capacity_price(until, cores, record.micro_per_core_hour));
    TRY_ASSIGN(const Money before, capacity_price(record.seconds_before, cores, record.micro_per_core_hour));
    return subtract(whole, before);
  }
  if (!record.status.empty() && record.cycles != 0) {
    return fail(Code::kInvalidArgument, "cycles {} of work that was not answered ({}) are billed",
                record.cycles, record.status);
  }
  return work_price(record.cycles, record.cores, record.clock_hz, record.micro_per_core_hour);
}

void seal(Record& record) {
  CanonicalWriter writer;
  visit_hashed_fields(writer, record);
  record.hash = sha256(writer.finish());
}

std::string to_json(const Record& record) {
  return write_canonical(record);
}

Result<Record> parse_record(std::string_view line) {
  return read_canonical<Record>(line);
}

Status parse_record_into(Record& record, std::string_view line) {
  return read_canonical_into(record, line);
}

Digest hash_of_line(std::string_view line) {
  constexpr std::size_t kHashField = std::string_view(R"(,"hash":""})").size() + 2 * sizeof(Digest::bytes);
  CHECK(line.size() > kHashField);
  Hasher hasher;
  hasher.update(line.substr(0, line.size() - kHashField));
  hasher.update("}");
  return hasher.finish();
}

}  // namespace chengying::billing
