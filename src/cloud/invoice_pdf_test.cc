#include "cloud/invoice_pdf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "cloud/paper.h"

namespace chengying::cloud {
namespace {

using ::testing::HasSubstr;

billing::Invoice invoice_of(int endpoints, const std::string& note = "") {
  std::vector<billing::Record> records;
  for (int i = 0; i < endpoints; ++i) {
    billing::Record record;
    record.endpoint = fmt::format("ep_{:05}", i);
    record.project = i % 3 == 0 ? "" : fmt::format("pr_{}", i % 3);
    record.offer = "hanguang800.shared";
    record.chip = "hanguang800";
    record.cores = 4;
    record.clock_hz = 700'000'000;
    record.cycles = 1'000'000'000ULL * (1 + i * 37 % 101);
    record.micro_per_core_hour = 1'000'000;
    record.price = *price_of(record);
    records.push_back(record);
  }
  if (!note.empty()) {
    billing::Record credit;
    credit.kind = billing::RecordKind::kAdjustment;
    credit.note = note;
    credit.price = billing::Money::nano(-1'250'000'000);
    records.push_back(credit);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].tenant = "tn_1";
    records[i].sequence = static_cast<std::int64_t>(i) + 1;
    records[i].price_book_version = 1;
    records[i].at = "2026-11-24T05:24:49.123456Z";
    seal(records[i]);
  }
  return *make_invoice({"inv_tn_1_1", "tn_1", "USD", "2026-11-30T00:00:00.000000Z", {}, {{1, sha256("b")}}},
                       records);
}

/// What a reader of PDFs (poppler) makes of it.
std::string read_with(const std::string& program, const std::string& pdf) {
  const auto path = std::filesystem::temp_directory_path() / ("chengying_pdf_" + random_hex(6) + ".pdf");
  EXPECT_TRUE(write_file_atomically(path, pdf));
  std::string command = program;
  command.replace(command.find("FILE"), 4, path.string());
  command += " 2>/dev/null";  // poppler warns of how libharu writes its map to Unicode, and reads it
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string out;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
    out.append(piece.data(), n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  std::filesystem::remove(path);
  return out;
}
std::string text_of(const std::string& pdf) {
  return read_with("pdftotext -layout FILE -", pdf);
}

/// The texts between a page's tags, behind its style.
std::vector<std::string> texts_of(std::string_view html) {
  std::vector<std::string> texts;
  html.remove_prefix(html.find("</style>"));
  while (!html.empty()) {
    html.remove_prefix(std::min(html.find('>'), html.size() - 1) + 1);
    std::string text(html.substr(0, html.find('<')));
    html.remove_prefix(text.size());
    if (text.find_first_not_of(" \n") == std::string::npos) continue;
    text.erase(0, text.find_first_not_of('\n'));
    texts.push_back(text);
  }
  return texts;
}

TEST(InvoicePdf, SaysEachTextOfThePageOfHtml) {
  const billing::Invoice invoice = invoice_of(4, "an hour without answers");
  const std::string pdf = text_of(*invoice_pdf(invoice, "Acme"));
  const auto texts = texts_of(to_html(invoice, "Acme"));
  EXPECT_GT(texts.size(), 60U);
  for (const std::string& text : texts) {
    std::istringstream words(text);  // a narrow column of the PDF breaks between them
    for (std::string word; words >> word;) EXPECT_THAT(pdf, HasSubstr(word));
  }
  EXPECT_THAT(texts, ::testing::Contains("Tenant Acme (tn_1)"));
}

TEST(InvoicePdf, ShowsWhatThePageOfHtmlShows) {
  const billing::Invoice invoice = invoice_of(4);
  const auto pdf = invoice_pdf(invoice, "Acme");
  ASSERT_TRUE(pdf) << pdf.error().message;
  EXPECT_TRUE(pdf->starts_with("%PDF-1."));
  const std::string text = text_of(*pdf);
  for (const std::string_view part :
       {"Invoice inv_tn_1_1", "Tenant Acme (tn_1)", "Date 2026-11-30T00:00:00.000000Z", "Without a project",
        "Project pr_1", "Project pr_2", "ep_00003", "hanguang800, 4 cores", "1000000000 cycles", "1.000000",
        "Sum", "page 1 of 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string(part)));
  }
  EXPECT_THAT(text, HasSubstr("Total " + billing::to_micro_string(invoice.total_micro) + " USD"));
  for (const billing::InvoiceLine& line : invoice.lines) {
    EXPECT_THAT(text, HasSubstr(billing::to_micro_string(line.amount_micro)));
  }
  for (const Digest& digest : {invoice.records_digest, invoice.digest, sha256("b")}) {
    EXPECT_THAT(text, HasSubstr(digest.hex()));
  }
}

TEST(InvoicePdf, AmountsEndAtTheSamePlace) {
  // pdftotext gives each word's box; the last word of each row is its amount.
  const billing::Invoice invoice = invoice_of(30);
  const std::string boxes = read_with("pdftotext -bbox FILE -", *invoice_pdf(invoice, ""));
  int amounts = 0;
  for (const billing::InvoiceLine& line : invoice.lines) {
    const std::size_t word = boxes.find(">" + billing::to_micro_string(line.amount_micro) + "<");
    ASSERT_NE(word, std::string::npos);
    const std::size_t right = boxes.rfind("xMax=\"", word) + 6;
    EXPECT_NEAR(std::stod(boxes.substr(right)), 802, 0.05);
    ++amounts;
  }
  EXPECT_EQ(amounts, 30);
}

TEST(InvoicePdf, ALongOneHasSeveralPagesAndLosesNoLine) {
  const auto pdf = invoice_pdf(invoice_of(400), "Acme");
  ASSERT_TRUE(pdf);
  const std::string text = text_of(*pdf);
  for (int i = 0; i < 400; ++i) ASSERT_THAT(text, HasSubstr(fmt::format("ep_{:05}", i)));
  EXPECT_THAT(read_with("pdfinfo FILE", *pdf), HasSubstr("Pages:           14"));
  EXPECT_THAT(text, HasSubstr("page 14 of 14"));
}

TEST(InvoicePdf, NamesAndNotesOfManyScriptsAreShown) {
  const auto pdf =
      invoice_pdf(invoice_of(1, "Стояло один час: πρώτη ώρα, 停机一小时"), "Žluťoučký kůň 含光科技有限公司");
  ASSERT_TRUE(pdf) << pdf.error().message;
  const std::string text = text_of(*pdf);
  EXPECT_THAT(text, HasSubstr("Žluťoučký kůň"));
  EXPECT_THAT(text, HasSubstr("含光科技有限公司"));
  EXPECT_THAT(text, HasSubstr("Стояло один час"));
  EXPECT_THAT(text, HasSubstr("停机一小时"));
  EXPECT_THAT(text, HasSubstr("-1.250000"));
  EXPECT_LT(pdf->size(), std::size_t{1} << 20) << "only the letters that occur are in it";
}

TEST(InvoicePdf, WhatCanNotBeShownIsReplacedAndLongTextIsBroken) {
  const std::string without_spaces(180, 'q');
  const auto pdf = invoice_pdf(invoice_of(1, without_spaces),
                               "a\xff"
                               "b \xF0\x9F\x98\x80 c");
  ASSERT_TRUE(pdf) << pdf.error().message;
  const std::string text = text_of(*pdf);
  EXPECT_THAT(text, HasSubstr("a\xEF\xBF\xBD"
                              "b \xEF\xBF\xBD c"));
  EXPECT_EQ(std::ranges::count(text, 'q'), 180) << "none is cut off";
}

TEST(InvoicePdf, IsTheSameBytesEachTime) {
  EXPECT_EQ(*invoice_pdf(invoice_of(50), "Acme 含光"), *invoice_pdf(invoice_of(50), "Acme 含光"));
}

TEST(Paper, BreaksAtSpacesAndInsideWordsThatAreTooLong) {
  Paper paper = *Paper::make("t");
  const Lettering lettering{Face::kRegular, 8};
  const float width = paper.width_of("twelve chars", lettering) + 0.1F;
  EXPECT_THAT(paper.lines_of("twelve chars and more", lettering, width),
              ::testing::ElementsAre("twelve chars", "and more"));
  EXPECT_THAT(paper.lines_of("", lettering, width), ::testing::ElementsAre(""));
  for (const std::string& line : paper.lines_of(std::string(100, 'm'), lettering, width)) {
    EXPECT_LE(paper.width_of(line, lettering), width);
  }
}

}  // namespace
}  // namespace chengying::cloud
