// The invoice as a page of plain text.
#include <algorithm>

#include "billing/invoice.h"

namespace chengying::billing {

namespace {
std::string quantity(const InvoiceLine& line) {
  return line.kind == RecordKind::kCapacity ? fmt::format("{} s", line.seconds)
                                            : fmt::format("{} cycles", line.cycles);
}
}  // namespace

std::string to_text(const Invoice& invoice) {
  std::string out =
      fmt::format("Invoice {}\nTenant  {}\nDate    {}\n", invoice.id, invoice.tenant, invoice.created_at);
  if (invoice.records > 0) out += fmt::format("Period  {} to {}\n", invoice.period_from, invoice.period_to);
  out += '\n';
  std::size_t subject = 7, offer = 5, used = 4;
  for (const InvoiceLine& line : invoice.lines) {
    subject = std::max(subject, line.subject.size());
    offer = std::max(offer, line.offer.size());
    used = std::max(used, quantity(line).size());
  }
  out += fmt::format("{:<8}  {:<{}}  {:<{}}  {:>7}  {:>{}}  {:>14}  {:>14}\n", "kind", "subject", subject,
                     "offer", offer, "records", "used", used, "per core-hour", invoice.currency);
  for (const InvoiceLine& line : invoice.lines) {
    out += fmt::format("{:<8}  {:<{}}  {:<{}}  {:>7}  {:>{}}  {:>14}  {:>14}\n", name_of(line.kind),
                       line.subject, subject, line.offer, offer, line.count, quantity(line), used,
                       to_micro_string(line.micro_per_core_hour), to_micro_string(line.amount_micro));
  }
  out += fmt::format("\nTotal      {} {}\n", to_micro_string(invoice.total_micro), invoice.currency);
  out += fmt::format("Metered    {} {} (the difference was given back)\n", to_string(invoice.exact),
                     invoice.currency);
  out += fmt::format("Records    {} ({} to {}), sha256 {}\n", invoice.records, invoice.first_sequence,
                     invoice.last_sequence, invoice.records_digest.hex());
  for (const PriceBookReference& book : invoice.price_books) {
    out += fmt::format("Price book version {}, sha256 {}\n", book.version, book.digest.hex());
  }
  return out;
}

}  // namespace chengying::billing
