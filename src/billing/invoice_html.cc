// The invoice as a page of HTML, for a screen and for paper.
#include "base/markup.h"
#include "billing/invoice_table.h"

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

std::string cell(const InvoiceColumn& column, std::string_view tag, std::string_view text) {
  return fmt::format("<{0}{1}>{2}</{0}>", tag, column.is_number ? " class=n" : "", markup_escaped(text));
}

std::string row_of(const InvoiceCells& cells) {
  std::string out = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) out += cell(kInvoiceColumns[i], "td", cells[i]);
  return out + "</tr>\n";
}

std::string page_of(const InvoiceTable& table, std::string_view currency) {
  std::string out = fmt::format("<h2>{}</h2>\n<table>\n<thead><tr>", markup_escaped(table.heading));
  for (const InvoiceColumn& column : kInvoiceColumns)
    out += cell(column, "th", column.name.empty() ? currency : column.name);
  out += "</tr></thead>\n<tbody>\n";
  for (const InvoiceCells& row : table.rows) out += row_of(row);
  return out + fmt::format(
                   "</tbody>\n<tfoot><tr><td colspan=7>Sum</td><td class=n>{}</td></tr></tfoot>\n</table>\n",
                   table.sum);
}
}  // namespace

std::string to_html(const Invoice& invoice) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><title>Invoice "
      "{0}</title>\n<style>{1}</style>\n<h1>Invoice "
      "{0}</h1>\n<p>Tenant {2}<br>Date {3}<br>Period {4} to {5}</p>\n",
      markup_escaped(invoice.id), kStyle, markup_escaped(invoice.tenant), markup_escaped(invoice.created_at),
      markup_escaped(invoice.period_from), markup_escaped(invoice.period_to));
  for (const InvoiceTable& table : tables_of(invoice)) out += page_of(table, invoice.currency);
  out += fmt::format(
      "<h2>Total</h2>\n<p><b>{} {}</b><br>Metered {}; each line is rounded down once, {} were given "
      "back.</p>\n"
      "<p class=h>{} records, {} to {}, sha256 {}<br>\n",
      to_micro_string(invoice.total_micro), markup_escaped(invoice.currency), to_string(invoice.exact),
      to_string(invoice.rounding), invoice.records, invoice.first_sequence, invoice.last_sequence,
      invoice.records_digest.hex());
  for (const PriceBookReference& book : invoice.price_books) {
    out += fmt::format("price book {}, sha256 {}<br>\n", book.version, book.digest.hex());
  }
  return out + fmt::format("this invoice, sha256 {}</p>\n</html>\n", invoice.digest.hex());
}

}  // namespace chengying::billing
