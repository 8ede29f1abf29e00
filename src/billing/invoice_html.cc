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
std::string lines_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "<br>\n") + markup_escaped(line);
  return out;
}
}  // namespace

std::string to_html(const Invoice& invoice, std::string_view tenant_name) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><title>Invoice "
      "{0}</title>\n<style>{1}</style>\n<h1>Invoice {0}</h1>\n<p>{2}</p>\n",
      markup_escaped(invoice.id), kStyle, lines_of(head_of(invoice, tenant_name)));
  for (const InvoiceTable& table : tables_of(invoice)) out += page_of(table, invoice.currency);
  return out + fmt::format("<h2>{}</h2>\n<p>{}</p>\n<p class=h>{}</p>\n</html>\n",
                           markup_escaped(total_of(invoice)), metered_of(invoice),
                           lines_of(digests_of(invoice)));
}

}  // namespace chengying::billing
