#include <algorithm>

#include "billing/invoice.h"
#include "billing/verify_records.h"

namespace chengying::billing {

namespace {
Result<Books> read_books(const Invoice& invoice, std::span<const std::string> texts) {
  Books books;
  for (const std::string& text : texts) {
    TRY_ASSIGN(PriceBook book, parse_price_book(text, "price book"));
    books.insert_or_assign(book.version, std::move(book));
  }
  for (const PriceBookReference& reference : invoice.price_books) {
    const auto it = books.find(reference.version);
    if (it == books.end()) {
      return fail(Code::kInvalidArgument,
                  "the invoice needs version {} of the price book, which was not given", reference.version);
    }
    if (it->second.digest != reference.digest) {
      return differs(fmt::format("price book version {}", reference.version), "sha256",
                     it->second.digest.hex(), reference.digest.hex());
    }
  }
  return books;
}

Status compare_line(const InvoiceLine& is, const InvoiceLine& should, std::size_t index) {
  const std::string where = fmt::format("invoice: line {}", index + 1);
  if (is.subject != should.subject) return differs(where, "subject", is.subject, should.subject);
  if (is.kind != should.kind) return differs(where, "kind", name_of(is.kind), name_of(should.kind));
  if (is.offer != should.offer) return differs(where, "offer", is.offer, should.offer);
  if (is.chip != should.chip) return differs(where, "chip", is.chip, should.chip);
  if (is.cores != should.cores) return differs(where, "cores", is.cores, should.cores);
  if (is.price_book_version != should.price_book_version) {
    return differs(where, "price_book_version", is.price_book_version, should.price_book_version);
  }
  if (is.micro_per_core_hour != should.micro_per_core_hour) {
    return differs(where, "micro_per_core_hour", is.micro_per_core_hour, should.micro_per_core_hour);
  }
  if (is.count != should.count) return differs(where, "count", is.count, should.count);
  if (is.seconds != should.seconds) return differs(where, "seconds", is.seconds, should.seconds);
  if (is.cycles != should.cycles) return differs(where, "cycles", is.cycles, should.cycles);
  if (is.picojoules != should.picojoules)
    return differs(where, "picojoules", is.picojoules, should.picojoules);
  if (is.exact != should.exact) return differs(where, "exact_nano", is.exact.nano(), should.exact.nano());
  if (is.amount_micro != should.amount_micro) {
    return differs(where, "amount_micro", is.amount_micro, should.amount_micro);
  }
  return {};
}

Status compare_invoice(const Invoice& is, const Invoice& should) {
  if (is.lines.size() != should.lines.size()) {
    return differs("invoice", "number of lines", is.lines.size(), should.lines.size());
  }
  for (std::size_t i = 0; i < is.lines.size(); ++i) TRY(compare_line(is.lines[i], should.lines[i], i));
  const auto text = [](std::string_view field, const std::string& a, const std::string& b) -> Status {
    if (a != b) return differs("invoice", field, a, b);
    return {};
  };
  const auto number = [](std::string_view field, std::int64_t a, std::int64_t b) -> Status {
    if (a != b) return differs("invoice", field, a, b);
    return {};
  };
  TRY(text("period_from", is.period_from, should.period_from));
  TRY(text("period_to", is.period_to, should.period_to));
  TRY(number("first_sequence", is.first_sequence, should.first_sequence));
  TRY(number("last_sequence", is.last_sequence, should.last_sequence));
  TRY(text("chain_after", is.chain_after.hex(), should.chain_after.hex()));
  TRY(text("records_sha256", is.records_digest.hex(), should.records_digest.hex()));
  TRY(number("exact_nano", is.exact.nano(), should.exact.nano()));
  TRY(number("rounding_nano", is.rounding.nano(), should.rounding.nano()));
  TRY(number("total_micro", is.total_micro, should.total_micro));
  TRY(number("number of price books", static_cast<std::int64_t>(is.price_books.size()),
             static_cast<std::int64_t>(should.price_books.size())));
  return text("sha256", is.digest.hex(), should.digest.hex());
}
}  // namespace

Result<Verified> verify_invoice(std::string_view invoice_json, std::string_view records_jsonl,
                                std::span<const std::string> price_books_toml) {
  TRY_ASSIGN(const Invoice invoice, parse_invoice(invoice_json));
  TRY_ASSIGN(const Books books, read_books(invoice, price_books_toml));
  TRY_ASSIGN(const CheckedRecords records, check_records(invoice, records_jsonl, books));
  InvoiceHeader header{invoice.id,         invoice.tenant,       invoice.currency,
                       invoice.created_at, invoice.chain_before, {}};
  for (const auto& [version, book] : books) {
    if (book.currency != invoice.currency)
      return differs("invoice", "currency", invoice.currency, book.currency);
    header.price_books.push_back({version, book.digest});
  }
  TRY_ASSIGN(const Invoice expected, make_invoice(header, records.sums, records.digest));
  if (Status same = compare_invoice(invoice, expected); !same) {
    const std::string should = to_json(expected);
    const auto byte = std::ranges::mismatch(invoice_json, should).in1 - invoice_json.begin();
    return fail(Code::kDataLoss, "{} (byte {} of the invoice)", same.error().message, byte);
  }
  return Verified{invoice.records, static_cast<std::int64_t>(invoice.lines.size()), invoice.total_micro,
                  invoice.currency};
}

Result<Verified> verify_invoice(std::string_view invoice_json, std::string_view records_jsonl,
                                std::string_view price_book_toml) {
  const std::string book(price_book_toml);
  return verify_invoice(invoice_json, records_jsonl, std::span<const std::string>(&book, 1));
}

}  // namespace chengying::billing
