#include "billing/invoice.h"

#include <algorithm>

#include "base/check.h"
#include "billing/record_sums.h"

namespace chengying::billing {

namespace {
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
  RecordSums sums;
  Hasher hasher;
  for (const Record& record : records) {
    CHECK(record.tenant == header.tenant);
    CHECK(&record == records.data() || record.sequence == (&record - 1)->sequence + 1);
    TRY(sums.add(record));
    hasher.update(to_json(record));
    hasher.update("\n");
  }
  return make_invoice(header, sums, hasher.finish());
}

Result<Invoice> make_invoice(const InvoiceHeader& header, const RecordSums& sums,
                             const Digest& records_digest) {
  Invoice invoice;
  invoice.id = header.id;
  invoice.tenant = header.tenant;
  invoice.currency = header.currency;
  invoice.created_at = header.created_at;
  invoice.chain_before = header.chain_before;
  invoice.chain_after = sums.records() == 0 ? header.chain_before : sums.chain_after();
  invoice.records = sums.records();
  invoice.period_from = sums.period_from();
  invoice.period_to = sums.period_to();
  invoice.first_sequence = sums.first_sequence();
  invoice.last_sequence = sums.last_sequence();
  invoice.records_digest = records_digest;
  for (const PriceBookReference& book : header.price_books) {
    if (sums.price_books().contains(book.version)) invoice.price_books.push_back(book);
  }
  std::ranges::sort(invoice.price_books, {}, &PriceBookReference::version);
  invoice.lines = sums.lines();
  TRY(sum_lines(invoice));
  invoice.digest = digest_of(invoice);
  return invoice;
}

}  // namespace chengying::billing
