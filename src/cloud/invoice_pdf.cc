#include "cloud/invoice_pdf.h"

#include <algorithm>
#include <array>

#include "billing/invoice_table.h"
#include "cloud/paper.h"

namespace chengying::cloud {

namespace {
constexpr float kLeft = 40, kRight = Paper::kWidth - kLeft, kTop = 48, kBottom = Paper::kHeight - 44;
constexpr float kLeading = 11, kPadding = 8, kRowGap = 4;
constexpr Lettering kTitle{Face::kBold, 15}, kHeading{Face::kBold, 10}, kText{Face::kRegular, 8.5F},
    kStrong{Face::kBold, 8.5F}, kSmall{Face::kMono, 7};

/// Widths of the table's columns; numbers end at their right edge, so that their places stand below each
/// other.
constexpr auto& kColumns = billing::kInvoiceColumns;
constexpr std::array<float, kColumns.size()> kWidths{58, 150, 142, 120, 56, 108, 66, 62};
using Cells = billing::InvoiceCells;

/// Writes from top to bottom, and on to the next page.
class Writer {
 public:
  Writer(Paper& paper, std::string_view currency) : paper_(paper) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) names_[i] = kColumns[i].name;
    names_.back() = currency;
  }

  void line(std::string_view text, Lettering lettering, float leading = kLeading) {
    for (const std::string& part : paper_.lines_of(text, lettering, kRight - kLeft)) {
      if (y_ + leading > kBottom) next_page();
      y_ += leading;
      paper_.write(kLeft, y_, part, lettering);
    }
  }
  void gap(float height) { y_ += height; }
  /// A heading stays with the table's first row.
  void begin_table(std::string_view heading) {
    if (y_ + 6 * kLeading > kBottom) next_page();
    gap(kLeading);
    line(heading, kHeading, kLeading + 3);
    gap(2);
    table_head();
  }
  void row(const Cells& cells, Lettering lettering) {
    std::array<std::vector<std::string>, kColumns.size()> lines;
    std::size_t height = 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      lines[i] = paper_.lines_of(cells[i], lettering, kWidths[i] - kPadding);
      height = std::max(height, lines[i].size());
    }
    // A row stays together, unless it is longer than a page.
    const float needs = static_cast<float>(height) * kLeading + kRowGap;
    if (y_ + needs > kBottom && needs < (kBottom - kTop) / 2) next_page_of_table();
    for (std::size_t n = 0; n < height; ++n) {
      if (y_ + kLeading > kBottom) next_page_of_table();
      y_ += kLeading;
      row_line(lines, n, lettering);
    }
    gap(kRowGap);
  }
  void rule(float thickness) { paper_.rule(kLeft, kRight, y_, thickness); }

 private:
  void row_line(const std::array<std::vector<std::string>, kColumns.size()>& lines, std::size_t n,
                Lettering lettering) {
    float x = kLeft;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const float right = x + kWidths[i];
      if (n < lines[i].size() && kColumns[i].is_number) {
        paper_.write_right(right, y_, lines[i][n], lettering);
      } else if (n < lines[i].size()) {
        paper_.write(x, y_, lines[i][n], lettering);
      }
      x = right;
    }
  }
  void table_head() {
    row(names_, kStrong);
    rule(1);
  }
  void next_page() {
    paper_.new_page();
    y_ = kTop;
  }
  void next_page_of_table() {
    next_page();
    table_head();
  }

  Paper& paper_;
  Cells names_;
  float y_ = kTop;
};

void write_table(Writer& writer, const billing::InvoiceTable& table) {
  writer.begin_table(table.heading);
  for (const Cells& row : table.rows) {
    writer.row(row, kText);
    writer.rule(0.25F);
  }
  Cells last{"Sum"};
  last.back() = table.sum;
  writer.row(last, kStrong);
}

void write_total(Writer& writer, const billing::Invoice& invoice) {
  writer.gap(kLeading);
  writer.line(billing::total_of(invoice), kHeading, kLeading + 3);
  writer.line(billing::metered_of(invoice), kText);
  writer.gap(kLeading);
  for (const std::string& line : billing::digests_of(invoice)) writer.line(line, kSmall);
}

void write_feet(Paper& paper, const billing::Invoice& invoice) {
  for (std::size_t page = 0; page < paper.pages(); ++page) {
    paper.turn_to(page);
    paper.write(kLeft, Paper::kHeight - 24, "Invoice " + invoice.id, kSmall);
    paper.write_right(kRight, Paper::kHeight - 24, fmt::format("page {} of {}", page + 1, paper.pages()),
                      kSmall);
  }
}
}  // namespace

Result<std::string> invoice_pdf(const billing::Invoice& invoice, std::string_view tenant_name) {
  TRY_ASSIGN(Paper paper, Paper::make("Invoice " + invoice.id));
  Writer writer(paper, invoice.currency);
  writer.line("Invoice " + invoice.id, kTitle, 15);
  writer.gap(4);
  for (const std::string& line : billing::head_of(invoice, tenant_name)) writer.line(line, kText);
  for (const billing::InvoiceTable& table : billing::tables_of(invoice)) write_table(writer, table);
  write_total(writer, invoice);
  write_feet(paper, invoice);
  return paper.finish();
}

}  // namespace chengying::cloud
