#include "billing/verify_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "billing/small_book_for_test.h"

namespace chengying::billing {
namespace {

using testing::HasSubstr;
/// More text than one part has, so that threads share it.
struct Month {
  std::vector<Record> records;
  std::string text;
  std::vector<std::size_t> starts;  // of each line
};

Month month(std::int64_t count) {
  Month month;
  Digest previous = sha256("the month before");
  for (std::int64_t i = 0; i < count; ++i) {
    Record record;
    record.sequence = 500 + i;
    record.tenant = "tn_1";
    record.request = fmt::format("rq_{}", i * 7919);
    record.endpoint = fmt::format("ep_{}", i % 7);
    record.project = fmt::format("pr_{}", i % 3);
    record.offer = "a.shared";
    record.chip = "a";
    record.cores = 2;
    record.clock_hz = 700'000'000;
    record.batch = 1;
    record.cycles = static_cast<std::uint64_t>(1'000'000 + i % 997);
    record.price_book_version = 1;
    record.micro_per_core_hour = 99'999;
    record.price = *price_of(record);
    record.at = fmt::format("2026-11-24T05:{:02}:00.000000Z", i % 60);
    record.previous = previous;
    seal(record);
    previous = record.hash;
    month.starts.push_back(month.text.size());
    month.text += to_json(record) + "\n";
    month.records.push_back(std::move(record));
  }
  return month;
}

InvoiceHeader header() {
  return {"inv_1", "tn_1", "USD", "", sha256("the month before"), {{1, sha256(kSmallBook)}}};
}

std::string refusal(const Invoice& invoice, const std::string& text) {
  const auto verified = verify_invoice(to_json(invoice), text, kSmallBook);
  return verified ? "" : verified.error().message;
}

class VerifyRecords : public testing::Test {
 protected:
  static constexpr std::int64_t kCount = 20'000;
  Month month_ = month(kCount);
  Invoice invoice_ = *make_invoice(header(), month_.records);

  void raise_cycles_of(std::size_t index) {
    const std::size_t at = month_.text.find("\"cycles\":", month_.starts[index]) + 9;
    month_.text[at] = '2';
  }
};

TEST_F(VerifyRecords, ManyPartsAreOneWhole) {
  ASSERT_GT(month_.text.size(), std::size_t{8} << 20);
  const auto verified = verify_invoice(to_json(invoice_), month_.text, kSmallBook);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->records, kCount);
  EXPECT_EQ(verified->lines, 21);
}

TEST_F(VerifyRecords, TheFirstOfSeveralFaultsIsNamedWhicheverThreadFindsWhich) {
  for (const std::size_t bad : {19'999U, 13'000U, 6'543U, 1U, 0U}) {
    raise_cycles_of(bad);
    EXPECT_THAT(refusal(invoice_, month_.text),
                HasSubstr(fmt::format("record {} (line {}): price_nano is ", 500 + bad, bad + 1)));
  }
}

TEST_F(VerifyRecords, TheChainHoldsAcrossPartsWhereverALineIsMissing) {
  for (const std::size_t missing : {5'000U, 7'000U, 12'345U}) {
    std::string text = month_.text;
    text.erase(month_.starts[missing], month_.starts[missing + 1] - month_.starts[missing]);
    const std::string should = fmt::format(R"({{"sequence":{})", 500 + missing);
    const std::size_t byte = month_.starts[missing] + should.size() - 1;  // the last digit
    EXPECT_EQ(refusal(invoice_, text),
              fmt::format("record {} (line {}): sequence is {}, should be {} (byte {} of the records)",
                          500 + missing, missing + 1, 501 + missing, 500 + missing, byte));
  }
}

/// A record between two parts whose hash was forged: the next names another.
TEST_F(VerifyRecords, AForgedHashIsFoundInEveryLineAroundTheEndOfAPart) {
  std::size_t first = 0;  // the last line that begins in the first part
  while (month_.starts[first + 1] <= std::size_t{4} << 20) ++first;
  for (std::size_t line = first - 1; line <= first + 2; ++line) {
    std::string text = month_.text;
    char& digit = text[month_.starts[line + 1] - 5];
    digit = digit == '1' ? '2' : '1';
    EXPECT_THAT(refusal(invoice_, text),
                HasSubstr(fmt::format("record {} (line {}): hash is ", 500 + line, line + 1)));
  }
}

TEST_F(VerifyRecords, ACutOffLastLineIsFound) {
  month_.text.pop_back();
  EXPECT_THAT(refusal(invoice_, month_.text), HasSubstr("record 20499 (line 20000): the line is cut off"));
}

TEST(RecordSums, RunsThatAreMergedInOrderAreTheSameAsOneByOne) {
  const Month all = month(100);
  const Invoice whole = *make_invoice(header(), all.records);
  for (const std::size_t cut : {0U, 1U, 50U, 100U}) {
    RecordSums front, back;
    for (std::size_t i = 0; i < all.records.size(); ++i) {
      ASSERT_TRUE((i < cut ? front : back).add(all.records[i]));
    }
    ASSERT_TRUE(front.merge(back));
    EXPECT_EQ(*make_invoice(header(), front, sha256(all.text)), whole);
  }
}

TEST(RecordSums, SumsThatOverflowAreRefusedAddedOrMerged) {
  Record record = month(1).records.front();
  record.cycles = std::uint64_t{1} << 63;
  RecordSums one, other;
  ASSERT_TRUE(one.add(record));
  ASSERT_TRUE(other.add(record));
  EXPECT_THAT(one.merge(other).error().message, HasSubstr("the sums of line ep_0 overflow"));
  EXPECT_THAT(other.add(record).error().message, HasSubstr("the sums of line ep_0 overflow"));
}

}  // namespace
}  // namespace chengying::billing
