// Invoice: sums a run of a tenant's records into lines, each rounded once. Pure: made from records and price
// books alone, so that anybody can make it again. Deterministic bytes. docs/ledger.md has format and
// rounding.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "billing/record.h"
#include "billing/record_sums.h"

namespace chengying::billing {

struct PriceBookReference {
  std::int64_t version = 0;
  Digest digest;  // of the book's text
  bool operator==(const PriceBookReference&) const = default;
};

struct Invoice {
  std::string id;  // "inv_" + tenant's number of the invoice
  std::string tenant;
  std::string currency;
  std::string created_at;
  std::string period_from, period_to;  // wall times of the first and the last record; "" when there is none
  std::vector<PriceBookReference> price_books;  // by version
  std::vector<InvoiceLine>
      lines;  // ordered: capacity, work, adjustments; then by project, subject, offer, version
  std::int64_t records = 0;
  std::int64_t first_sequence = 0, last_sequence = 0;  // 0, 0 when there is none
  Digest chain_before, chain_after;                    // hash of the record before the first, and of the last
  Digest records_digest;                               // sha256 of the records' JSON Lines
  Money exact;                                         // sum of the lines' exact amounts
  std::int64_t total_micro = 0;                        // sum of the lines' amounts
  Money rounding;  // exact - total: given back to the tenant from the rounding account
  Digest digest;   // sha256 of the JSON without this field
  bool operator==(const Invoice&) const = default;
};

/// The parts of an invoice that do not follow from its records.
struct InvoiceHeader {
  std::string id, tenant, currency, created_at;
  Digest chain_before;
  std::vector<PriceBookReference> price_books;  // those that may occur; only those that do are listed
};

/// Sums records (consecutive, of one tenant; CHECKed) up. kInvalidArgument if a sum overflows.
Result<Invoice> make_invoice(const InvoiceHeader& header, std::span<const Record> records);
/// The same of records that were summed up before, whose JSON Lines have that digest.
Result<Invoice> make_invoice(const InvoiceHeader& header, const RecordSums& sums,
                             const Digest& records_digest);

/// What `digest` must be: of the JSON without that field.
Digest digest_of(const Invoice& invoice);
/// Deterministic, indented JSON, one line at the end.
std::string to_json(const Invoice& invoice);
/// Accepts exactly what to_json writes; kInvalidArgument says where it differs from that form.
Result<Invoice> parse_invoice(std::string_view json);
/// An aligned page of plain text for people.
std::string to_text(const Invoice& invoice);
/// The same as a page of HTML that stands alone and prints on paper: lines by project, sums, digests.
std::string to_html(const Invoice& invoice, std::string_view tenant_name);
/// Records as comma-separated values (RFC 4180) with a line of names first; the columns are all fields of a
/// record. kInvalidArgument for a line that is no record.
Result<std::string> to_csv(std::string_view records_jsonl);

/// What a verification found when all is well.
struct Verified {
  std::int64_t records = 0;
  std::int64_t lines = 0;
  std::int64_t total_micro = 0;
  std::string currency;
};
/// Recomputes everything from the records and the price book(s): each record's price from (cycles, cores,
/// clock, price), prices and slices against the book, the chain, the lines, the totals, the digests.
/// kDataLoss names the first record and field that differs, what it is and what it should be;
/// kInvalidArgument for text that is no invoice, record or price book at all.
Result<Verified> verify_invoice(std::string_view invoice_json, std::string_view records_jsonl,
                                std::span<const std::string> price_books_toml);
Result<Verified> verify_invoice(std::string_view invoice_json, std::string_view records_jsonl,
                                std::string_view price_book_toml);

}  // namespace chengying::billing
