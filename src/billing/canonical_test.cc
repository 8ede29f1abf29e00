#include "billing/canonical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "billing/record.h"

namespace chengying::billing {
namespace {

using testing::HasSubstr;

struct Sample {
  std::int64_t amount = 0;
  std::uint16_t cores = 0;
  std::string name;
  std::string note;
  Digest digest;
  bool operator==(const Sample&) const = default;
};

template <class Visit, class Value>
void visit_fields(Visit& visit, Value& sample) {
  visit("amount", sample.amount);
  visit("cores", sample.cores);
  visit("name", sample.name);
  visit.optional("note", sample.note);
  visit("digest", sample.digest);
}

std::string text_with(std::string_view amount, std::string_view cores, std::string_view name,
                      std::string_view note = "") {
  return fmt::format(R"({{"amount":{},"cores":{},"name":"{}"{},"digest":"{}"}})", amount, cores, name, note,
                     sha256("x").hex());
}

std::string refusal_of(const std::string& text) {
  const auto read = read_canonical<Sample>(text);
  return read ? "" : read.error().message;
}

TEST(Canonical, ReadsBackEveryCharacterThatItWrites) {
  Sample sample{-7, 3, "", "\n\"\\", sha256("y")};
  for (int c = 0; c < 256; ++c) sample.name += static_cast<char>(c);
  const auto read = read_canonical<Sample>(write_canonical(sample));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, sample);
}

TEST(Canonical, AValueThatIsReadIntoAgainKeepsNothingOfTheOneBefore) {
  Sample sample{1, 2, "long enough that it is not kept in the string itself", "note", sha256("z")};
  const Sample next{3, 4, "short", "", sha256("x")};
  ASSERT_TRUE(read_canonical_into(sample, write_canonical(next)));
  EXPECT_EQ(sample, next);
}

TEST(Canonical, RefusesWhatTheWriterWouldHaveWrittenOtherwise) {
  EXPECT_EQ(refusal_of(text_with("7", "1", "a")), "");
  const std::string otherwise = "not in canonical form";
  EXPECT_EQ(refusal_of(text_with("007", "1", "a")), otherwise);
  EXPECT_EQ(refusal_of(text_with("-0", "1", "a")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "00", "a")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "\t")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "\x7f")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "\\u0041")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "\\u000a")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "\\u001F")), otherwise);
  EXPECT_EQ(refusal_of(text_with("7", "1", "a", R"(,"note":"")")), otherwise);
  std::string upper = text_with("7", "1", "a");
  upper.replace(upper.rfind(':') + 2, 64, "2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881");
  EXPECT_EQ(refusal_of(upper), otherwise);
  EXPECT_THAT(refusal_of(text_with("7", "65536", "a")), HasSubstr("\"cores\" is not a non-negative integer"));
  EXPECT_THAT(refusal_of(text_with("7", "1", "\\t")), HasSubstr("\"name\" has an unknown escape"));
}

/// What the reader sees in passing must be what writing again would have shown.
TEST(Canonical, AcceptsNoTextThatWritingAgainWouldChange) {
  std::mt19937 random(7);
  const std::string text = text_with("-120", "10", R"(a\u001f\n\"b)", R"(,"note":"n")");
  const std::string_view letters = "0-19aAfF\"\\nu:,{} \n\x1f\x7f";
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string changed = text;
    for (unsigned n = 1 + random() % 2; n > 0; --n) {
      const std::size_t at = random() % changed.size();
      changed.replace(at, random() % 3, 1, letters[random() % letters.size()]);
    }
    const auto read = read_canonical<Sample>(changed);
    if (!read) continue;
    ++accepted;
    ASSERT_EQ(write_canonical(*read), changed);
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace chengying::billing
