#include "billing/invoice_table.h"

#include <map>

namespace chengying::billing {

namespace {
std::string used(const InvoiceLine& line) {
  if (line.kind == RecordKind::kCapacity) return fmt::format("{} s", line.seconds);
  return line.kind == RecordKind::kWork ? fmt::format("{} cycles", line.cycles) : "";
}

std::string slice(const InvoiceLine& line) {
  if (line.kind == RecordKind::kAdjustment) return "";
  const std::string cores = fmt::format("{}, {} core{}", line.chip, line.cores, line.cores == 1 ? "" : "s");
  return line.chips == 1 ? cores : fmt::format("{} on each of {} chips", cores, line.chips);
}

InvoiceCells cells_of(const InvoiceLine& line) {
  return {std::string(name_of(line.kind)),
          line.subject,
          line.offer,
          slice(line),
          std::to_string(line.count),
          used(line),
          line.kind == RecordKind::kAdjustment ? "" : to_micro_string(line.micro_per_core_hour),
          to_micro_string(line.amount_micro)};
}
}  // namespace

std::vector<InvoiceTable> tables_of(const Invoice& invoice) {
  std::map<std::string, std::vector<const InvoiceLine*>> projects;
  for (const InvoiceLine& line : invoice.lines) projects[line.project].push_back(&line);
  std::vector<InvoiceTable> tables;
  for (const auto& [project, lines] : projects) {
    InvoiceTable& table = tables.emplace_back();
    table.heading = project.empty() ? "Without a project" : "Project " + project;
    std::int64_t sum = 0;
    for (const InvoiceLine* line : lines) {
      table.rows.push_back(cells_of(*line));
      sum += line->amount_micro;
    }
    table.sum = to_micro_string(sum);
  }
  return tables;
}

std::vector<std::string> head_of(const Invoice& invoice, std::string_view tenant_name) {
  std::vector<std::string> lines;
  lines.push_back(tenant_name.empty() ? "Tenant " + invoice.tenant
                                      : fmt::format("Tenant {} ({})", tenant_name, invoice.tenant));
  lines.push_back("Date " + invoice.created_at);
  if (invoice.records > 0) {
    lines.push_back(fmt::format("Period {} to {}", invoice.period_from, invoice.period_to));
  }
  return lines;
}

std::string total_of(const Invoice& invoice) {
  return fmt::format("Total {} {}", to_micro_string(invoice.total_micro), invoice.currency);
}

std::string metered_of(const Invoice& invoice) {
  return fmt::format("Metered {}; each line is rounded down once, {} were given back.",
                     to_string(invoice.exact), to_string(invoice.rounding));
}

std::vector<std::string> digests_of(const Invoice& invoice) {
  std::vector<std::string> lines{fmt::format("{} records, {} to {}, sha256 {}", invoice.records,
                                             invoice.first_sequence, invoice.last_sequence,
                                             invoice.records_digest.hex())};
  for (const PriceBookReference& book : invoice.price_books) {
    lines.push_back(fmt::format("price book {}, sha256 {}", book.version, book.digest.hex()));
  }
  lines.push_back(fmt::format("this invoice, sha256 {}", invoice.digest.hex()));
  return lines;
}

}  // namespace chengying::billing
