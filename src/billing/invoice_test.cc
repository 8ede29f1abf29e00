#include "billing/invoice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "billing/price_book.h"

namespace chengying::billing {
namespace {

using testing::HasSubstr;

constexpr std::string_view kBook = R"(version = 3
currency = "USD"
[[offer]]
id = "a.1"
chip = "a"
cores = 1
term = "on_demand"
capacity_micro_per_core_hour = 36_001
work_micro_per_core_hour = 7_777
seconds_max = 60
[[offer]]
id = "a.s"
chip = "a"
cores = 2
term = "shared"
work_micro_per_core_hour = 99_999
)";

Record record_of(RecordKind kind, std::string offer, std::uint16_t cores, std::int64_t price,
                 std::uint64_t amount) {
  Record record;
  record.tenant = "tn_1";
  record.kind = kind;
  record.request = fmt::format("rq_{}", amount);
  record.endpoint = kind == RecordKind::kWork ? "ep_1" : "";
  record.lease = cores == 1 ? "ls_1" : "";
  record.offer = std::move(offer);
  record.chip = "a";
  record.cores = cores;
  record.micro_per_core_hour = price;
  record.price_book_version = 3;
  if (kind == RecordKind::kWork) {
    record.clock_hz = 700'000'000;
    record.cycles = amount;
    record.batch = 1;
    record.picojoules = amount * 3;
    record.executable = sha256("program");
  } else {
    record.seconds = static_cast<std::int64_t>(amount);
  }
  record.price = *price_of(record);
  return record;
}

struct Example {
  std::string invoice, records, book{kBook};
};

Example example() {
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 5; ++i) {
    records.push_back(record_of(RecordKind::kWork, "a.s", 2, 99'999, 1'234'567 + i * 1001));
    records.push_back(record_of(RecordKind::kWork, "a.1", 1, 7'777, 7'654'321 + i));
  }
  records.push_back(record_of(RecordKind::kCapacity, "a.1", 1, 36'001, 17));
  Digest previous = sha256("the record before");
  InvoiceHeader header{"inv_1", "tn_1", "USD", "2026-11-24T05:24:49.123456Z", previous, {{3, sha256(kBook)}}};
  Example result;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = records[i];
    record.sequence = 41 + static_cast<std::int64_t>(i);
    record.monotonic_us = 1000 * record.sequence;
    record.at = fmt::format("2026-11-24T05:24:{:02}.000000Z", i);
    record.previous = previous;
    seal(record);
    previous = record.hash;
    result.records += to_json(record) + "\n";
  }
  const auto invoice = make_invoice(header, records);
  EXPECT_TRUE(invoice);
  result.invoice = to_json(*invoice);
  return result;
}

Result<Verified> verify(const Example& of) {
  return verify_invoice(of.invoice, of.records, std::string_view(of.book));
}

TEST(Invoice, AnUntouchedInvoiceVerifies) {
  const auto verified = verify(example());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->records, 11);
  EXPECT_EQ(verified->lines, 3);
  EXPECT_EQ(verified->currency, "USD");
}

TEST(Invoice, HasTheSameBytesEveryTime) {
  EXPECT_EQ(example().invoice, example().invoice);
  const auto parsed = parse_invoice(example().invoice);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(to_json(*parsed), example().invoice);
}

TEST(Invoice, LinesAreRoundedDownOnceAndTheRestIsAccountedFor) {
  const auto invoice = parse_invoice(example().invoice);
  ASSERT_TRUE(invoice);
  std::int64_t exact = 0, amount = 0;
  for (const InvoiceLine& line : invoice->lines) {
    EXPECT_EQ(line.amount_micro, line.exact.nano() / 1000);
    exact += line.exact.nano();
    amount += line.amount_micro;
  }
  EXPECT_EQ(invoice->exact.nano(), exact);
  EXPECT_EQ(invoice->total_micro, amount);
  EXPECT_EQ(invoice->rounding.nano(), exact - amount * 1000);
  EXPECT_GE(invoice->rounding.nano(), 0);
  EXPECT_LT(invoice->rounding.nano(), 1000 * static_cast<std::int64_t>(invoice->lines.size()));
}

/// Changes each digit of `text` by one in turn and asks that verify refuses.
template <class Refused>
void expect_every_digit_counts(const std::string& text, Refused refused) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) continue;
    std::string changed = text;
    changed[i] = changed[i] == '9' ? '8' : static_cast<char>(changed[i] + 1);
    ASSERT_TRUE(refused(changed)) << "byte " << i << ": ..." << text.substr(i > 40 ? i - 40 : 0, 60);
  }
}

TEST(Invoice, AnyDigitChangedInTheRecordsIsFound) {
  Example example_now = example();
  const std::string records = example_now.records;
  expect_every_digit_counts(records, [&](const std::string& changed) {
    example_now.records = changed;
    const auto verified = verify(example_now);
    return !verified && verified.error().code == Code::kDataLoss;
  });
}

TEST(Invoice, AnyDigitChangedInTheInvoiceIsFound) {
  Example example_now = example();
  const std::string invoice = example_now.invoice;
  expect_every_digit_counts(invoice, [&](const std::string& changed) {
    example_now.invoice = changed;
    return !verify(example_now);
  });
}

TEST(Invoice, AnyDigitChangedInThePriceBookIsFound) {
  Example example_now = example();
  expect_every_digit_counts(std::string(kBook), [&](const std::string& changed) {
    example_now.book = changed;
    return !verify(example_now);
  });
}

TEST(Invoice, ARefusalNamesRecordAndField) {
  Example now = example();
  const auto place = now.records.find("\"cycles\":7654322");
  ASSERT_NE(place, std::string::npos);
  now.records.replace(place, 16, "\"cycles\":7654323");
  const auto verified = verify(now);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().message, HasSubstr("record 44 (line 4): hash is "));

  now = example();
  now.records.replace(now.records.find("\"price_nano\":"), 14, "\"price_nano\":1");
  EXPECT_THAT(verify(now).error().message, HasSubstr("record 41 (line 1): price_nano is 1"));

  now = example();
  const auto at = now.records.find("\"price_nano\":", now.records.find('\n')) + 13;
  now.records[at] = now.records[at] == '1' ? '2' : '1';
  EXPECT_THAT(verify(now).error().message, HasSubstr(fmt::format("(byte {} of the records)", at)));

  now = example();
  now.records.erase(0, now.records.find('\n') + 1);
  EXPECT_THAT(verify(now).error().message, HasSubstr("record 41 (line 1): sequence is 42, should be 41"));

  now = example();
  now.records.resize(now.records.size() - 1);
  EXPECT_THAT(verify(now).error().message, HasSubstr("record 51 (line 11): the line is cut off"));

  now = example();
  now.records.resize(now.records.rfind('\n', now.records.size() - 2) + 1);
  EXPECT_THAT(verify(now).error().message, HasSubstr("records is 11, should be 10"));
}

TEST(Invoice, AForgedInvoiceIsFoundAtItsFirstByte) {
  Example now = example();
  Invoice forged = *parse_invoice(now.invoice);
  const std::string honest = now.invoice;
  forged.lines[1].amount_micro += 1;
  forged.total_micro += 1;
  forged.digest = digest_of(forged);
  now.invoice = to_json(forged);
  const auto byte = std::ranges::mismatch(now.invoice, honest).in1 - now.invoice.begin();
  EXPECT_THAT(verify(now).error().message, HasSubstr("invoice: line 2: amount_micro is"));
  EXPECT_THAT(verify(now).error().message, HasSubstr(fmt::format("(byte {} of the invoice)", byte)));
}

/// A tenant's records from the first, sealed, as JSON Lines, with the invoice of them.
Example example_of(std::vector<Record> records) {
  Example result;
  Digest previous;
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].sequence = static_cast<std::int64_t>(i) + 1;
    records[i].previous = previous;
    seal(records[i]);
    previous = records[i].hash;
    result.records += to_json(records[i]) + "\n";
  }
  result.invoice =
      to_json(*make_invoice({"inv_1", "tn_1", "USD", "", Digest{}, {{3, sha256(kBook)}}}, records));
  return result;
}

TEST(Invoice, CapacityInPartsCostsWhatTheWholeCosts) {
  std::vector<Record> parts;
  std::int64_t before = 0, sum = 0;
  for (const std::int64_t seconds : {1, 7, 9}) {
    Record part = record_of(RecordKind::kCapacity, "a.1", 1, 36'001, static_cast<std::uint64_t>(seconds));
    part.seconds_before = before;
    part.price = *price_of(part);
    before += seconds;
    sum += part.price.nano();
    parts.push_back(part);
  }
  EXPECT_EQ(sum, capacity_price(17, 1, 36'001)->nano());
  const auto verified = verify(example_of(parts));
  EXPECT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(parse_invoice(example_of(parts).invoice)->lines.size(), 1U);
}

TEST(Invoice, ALateCreditIsALineOfItsOwnAndProjectsAreApart) {
  std::vector<Record> records;
  records.push_back(record_of(RecordKind::kWork, "a.1", 1, 7'777, 7'654'321));
  records.push_back(records[0]);
  records[1].project = "pr_1";
  records[1].key = "key_1";
  Record credit;
  credit.tenant = "tn_1";
  credit.kind = RecordKind::kAdjustment;
  credit.note = "inv_0: an hour without answers";
  credit.price = Money::nano(-1'500);
  records.push_back(credit);
  const Example now = example_of(records);
  const auto verified = verify(now);
  ASSERT_TRUE(verified) << verified.error().message;
  const Invoice invoice = *parse_invoice(now.invoice);
  ASSERT_EQ(invoice.lines.size(), 3U);
  EXPECT_EQ(invoice.lines[1].project, "pr_1");
  EXPECT_EQ(invoice.lines[2].subject, credit.note);
  EXPECT_EQ(invoice.lines[2].amount_micro, -2) << "down: a credit gives at least what was promised";
  EXPECT_EQ(invoice.rounding.nano(), invoice.exact.nano() - invoice.total_micro * 1000);
  EXPECT_GE(invoice.rounding.nano(), 0);
}

TEST(Record, WhatCameLaterIsAbsentWhereItHasItsDefault) {
  Record record = record_of(RecordKind::kWork, "a.1", 1, 7'777, 5);
  seal(record);
  for (const char* later : {"project", "key", "chips", "seconds_before", "note"}) {
    EXPECT_EQ(to_json(record).find(later), std::string::npos) << later;
  }
  record.project = "pr_1";
  record.chips = 4;
  seal(record);
  EXPECT_EQ(*parse_record(to_json(record)), record);
  std::string spelled = to_json(record);
  spelled.replace(spelled.find("\"chips\":4"), 9, "\"chips\":1");
  EXPECT_THAT(parse_record(spelled).error().message, HasSubstr("not in canonical form"));
}

TEST(Invoice, AForgedChainIsFoundByTheInvoice) {
  // Somebody makes one record dearer and seals the whole chain again.
  Example now = example();
  std::string forged;
  Digest previous = sha256("the record before");
  std::size_t start = 0;
  while (start < now.records.size()) {
    const std::size_t end = now.records.find('\n', start);
    Record record = *parse_record(std::string_view(now.records).substr(start, end - start));
    start = end + 1;
    if (record.sequence == 41) record.cycles += 1'000'000;
    record.price = *price_of(record);
    record.previous = previous;
    seal(record);
    previous = record.hash;
    forged += to_json(record) + "\n";
  }
  now.records = forged;
  EXPECT_THAT(verify(now).error().message, HasSubstr("should be"));
}

TEST(Invoice, MalformedInputsAreRefused) {
  Example now = example();
  now.invoice = "{}";
  EXPECT_THAT(verify(now).error().message, HasSubstr("invoice: invoice is missing"));
  now.invoice = "not json";
  EXPECT_THAT(verify(now).error().message, HasSubstr("not an invoice"));
  now = example();
  now.records = "{\"sequence\":1}\n";
  EXPECT_THAT(verify(now).error().message, HasSubstr("field \"tenant\" is missing"));
  now = example();
  now.book =
      "version = 4\ncurrency = "
      "\"USD\"\n[[offer]]\nid=\"x\"\nchip=\"x\"\ncores=1\nterm=\"shared\"\nwork_micro_per_core_hour=1\n";
  EXPECT_THAT(verify(now).error().message, HasSubstr("needs version 3 of the price book"));
}

TEST(Invoice, ThePageShowsLinesAndTotal) {
  const auto invoice = parse_invoice(example().invoice);
  const std::string page = to_text(*invoice);
  EXPECT_THAT(page, HasSubstr("Invoice inv_1"));
  EXPECT_THAT(page, HasSubstr(fmt::format("Total      {} USD", to_micro_string(invoice->total_micro))));
}

}  // namespace
}  // namespace chengying::billing
