#include "billing/invoice.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/check.h"

namespace chengying::billing {

namespace {
using LineKey = std::tuple<int, std::string, std::string, std::string, std::int64_t, std::string,
                           std::uint16_t, std::uint16_t, std::int64_t>;

/// Capacity first: it is what a tenant decides on.
constexpr std::array kOrder{RecordKind::kCapacity, RecordKind::kWork, RecordKind::kAdjustment};

const std::string& subject_of(const Record& record) {
  const std::array<const std::string*, 3> subjects{&record.endpoint, &record.lease, &record.note};
  return *subjects.at(static_cast<std::size_t>(record.kind));
}

/// What prices a record keeps lines apart.
LineKey key_of(const Record& record) {
  const auto order = static_cast<int>(std::ranges::find(kOrder, record.kind) - kOrder.begin());
  return {order,
          record.project,
          subject_of(record),
          record.offer,
          record.price_book_version,
          record.chip,
          record.cores,
          record.chips,
          record.micro_per_core_hour};
}

InvoiceLine line_for(const Record& record) {
  InvoiceLine line;
  line.kind = record.kind;
  line.subject = subject_of(record);
  line.project = record.project;
  line.offer = record.offer;
  line.chip = record.chip;
  line.cores = record.cores;
  line.chips = record.chips;
  line.price_book_version = record.price_book_version;
  line.micro_per_core_hour = record.micro_per_core_hour;
  return line;
}

Status add_to(InvoiceLine& line, const Record& record) {
  TRY_ASSIGN(line.exact, add(line.exact, record.price));
  const bool overflow = __builtin_add_overflow(line.seconds, record.seconds, &line.seconds) ||
                        __builtin_add_overflow(line.cycles, record.cycles, &line.cycles) ||
                        __builtin_add_overflow(line.picojoules, record.picojoules, &line.picojoules);
  if (overflow) return fail(Code::kInvalidArgument, "the sums of line {} overflow", line.subject);
  ++line.count;
  return {};
}

std::int64_t floor_micro(Money exact) {
  return exact.nano() / kNanoPerMicro - (exact.nano() % kNanoPerMicro < 0 ? 1 : 0);
}

Status sum_lines(Invoice& invoice) {
  for (InvoiceLine& line : invoice.lines) {
    // Down: an invoice never asks for more than was metered, so settling the rest never overdraws.
    line.amount_micro = floor_micro(line.exact);
    TRY_ASSIGN(invoice.exact, add(invoice.exact, line.exact));
    invoice.total_micro += line.amount_micro;  // each is at most 1/1000 of what `exact` can hold
  }
  TRY_ASSIGN(const Money total, Money::micro(invoice.total_micro));
  TRY_ASSIGN(invoice.rounding, subtract(invoice.exact, total));
  return {};
}
}  // namespace

Result<Invoice> make_invoice(const InvoiceHeader& header, std::span<const Record> records) {
  Invoice invoice;
  invoice.id = header.id;
  invoice.tenant = header.tenant;
  invoice.currency = header.currency;
  invoice.created_at = header.created_at;
  invoice.chain_before = invoice.chain_after = header.chain_before;
  invoice.records = static_cast<std::int64_t>(records.size());
  std::map<LineKey, InvoiceLine> lines;
  std::map<std::int64_t, bool> versions;
  Hasher hasher;
  for (const Record& record : records) {
    CHECK(record.tenant == header.tenant);
    CHECK(&record == records.data() || record.sequence == (&record - 1)->sequence + 1);
    TRY(add_to(lines.try_emplace(key_of(record), line_for(record)).first->second, record));
    if (record.kind != RecordKind::kAdjustment) versions[record.price_book_version] = true;
    hasher.update(to_json(record));
    hasher.update("\n");
  }
  if (!records.empty()) {
    invoice.period_from = records.front().at;
    invoice.period_to = records.back().at;
    invoice.first_sequence = records.front().sequence;
    invoice.last_sequence = records.back().sequence;
    invoice.chain_after = records.back().hash;
  }
  invoice.records_digest = hasher.finish();
  for (const PriceBookReference& book : header.price_books) {
    if (versions.contains(book.version)) invoice.price_books.push_back(book);
  }
  std::ranges::sort(invoice.price_books, {}, &PriceBookReference::version);
  for (auto& [key, line] : lines) invoice.lines.push_back(std::move(line));
  TRY(sum_lines(invoice));
  invoice.digest = digest_of(invoice);
  return invoice;
}

}  // namespace chengying::billing
