// The invoice as a page of HTML, for a screen and for paper.
#include <map>

#include "billing/invoice.h"

namespace chengying::billing {

namespace {
constexpr std::string_view kStyle = R"(
body { font: 11pt/1.4 sans-serif; color: #111; max-width: 60em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 16pt; margin: 0 0 .5em } h2 { font-size: 12pt; margin: 1.5em 0 .3em }
table { border-collapse: collapse; width: 100% } th, td { padding: .25em .6em; text-align: left; vertical-align: top }
th { border-bottom: 1.5pt solid #111 } td { border-bottom: .5pt solid #bbb }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tfoot td { border-bottom: 0; font-weight: bold } .h { font: 8pt monospace; word-break: break-all }
@page { size: A4; margin: 18mm } @media print { body { margin: 0; max-width: none } tr { break-inside: avoid } }
)";

/// Text from outside, as text of the page.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string used(const InvoiceLine& line) {
  if (line.kind == RecordKind::kCapacity) return fmt::format("{} s", line.seconds);
  return line.kind == RecordKind::kWork ? fmt::format("{} cycles", line.cycles) : "";
}

std::string slice(const InvoiceLine& line) {
  if (line.kind == RecordKind::kAdjustment) return "";
  const std::string cores =
      fmt::format("{}, {} core{}", escaped(line.chip), line.cores, line.cores == 1 ? "" : "s");
  return line.chips == 1 ? cores : fmt::format("{} on each of {} chips", cores, line.chips);
}

std::string row_of(const InvoiceLine& line) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=n>{}</td><td class=n>{}</td><td "
      "class=n>{}</td>"
      "<td class=n>{}</td></tr>\n",
      name_of(line.kind), escaped(line.subject), escaped(line.offer), slice(line), line.count, used(line),
      line.kind == RecordKind::kAdjustment ? "" : to_micro_string(line.micro_per_core_hour),
      to_micro_string(line.amount_micro));
}

std::string table_of(const std::string& project, const std::vector<const InvoiceLine*>& lines,
                     std::string_view currency) {
  std::int64_t sum = 0;
  std::string out = fmt::format(
      "<h2>{}</h2>\n<table>\n<thead><tr><th>kind</th><th>subject</th><th>offer</th><th>slice</th>"
      "<th class=n>records</th><th class=n>used</th><th class=n>per core-hour</th><th "
      "class=n>{}</th></tr></thead>\n<tbody>\n",
      project.empty() ? "Without a project" : "Project " + escaped(project), escaped(currency));
  for (const InvoiceLine* line : lines) {
    out += row_of(*line);
    sum += line->amount_micro;
  }
  return out + fmt::format(
                   "</tbody>\n<tfoot><tr><td colspan=7>Sum</td><td class=n>{}</td></tr></tfoot>\n</table>\n",
                   to_micro_string(sum));
}
}  // namespace

std::string to_html(const Invoice& invoice) {
  std::map<std::string, std::vector<const InvoiceLine*>> projects;
  for (const InvoiceLine& line : invoice.lines) projects[line.project].push_back(&line);
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><title>Invoice "
      "{0}</title>\n<style>{1}</style>\n<h1>Invoice "
      "{0}</h1>\n<p>Tenant {2}<br>Date {3}<br>Period {4} to {5}</p>\n",
      escaped(invoice.id), kStyle, escaped(invoice.tenant), escaped(invoice.created_at),
      escaped(invoice.period_from), escaped(invoice.period_to));
  for (const auto& [project, lines] : projects) out += table_of(project, lines, invoice.currency);
  out += fmt::format(
      "<h2>Total</h2>\n<p><b>{} {}</b><br>Metered {}; each line is rounded down once, {} were given "
      "back.</p>\n"
      "<p class=h>{} records, {} to {}, sha256 {}<br>\n",
      to_micro_string(invoice.total_micro), escaped(invoice.currency), to_string(invoice.exact),
      to_string(invoice.rounding), invoice.records, invoice.first_sequence, invoice.last_sequence,
      invoice.records_digest.hex());
  for (const PriceBookReference& book : invoice.price_books) {
    out += fmt::format("price book {}, sha256 {}<br>\n", book.version, book.digest.hex());
  }
  return out + fmt::format("this invoice, sha256 {}</p>\n</html>\n", invoice.digest.hex());
}

}  // namespace chengying::billing
