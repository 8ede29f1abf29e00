#include "billing/quote.h"

#include <gtest/gtest.h>

namespace chengying::billing {
namespace {

Quote example() {
  Quote quote;
  quote.id = "qt_1";
  quote.tenant = "tn_a\"\\\n";
  quote.offer = "host.1.shared";
  quote.price_book_version = 1;
  quote.currency = "USD";
  quote.price = Money::nano(123);
  quote.expires_wall_us = 1'000'000;
  quote.executable = sha256("x");
  quote.batch = 8;
  quote.cycles = 99;
  quote.clock_hz = 700'000'000;
  return quote;
}

TEST(Quote, ReadsWhatItSigned) {
  const auto read = read_quote(sign_quote(example(), "secret"), "secret");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, example());
}

TEST(Quote, AnyChangedByteOrSecretIsRefused) {
  const std::string token = sign_quote(example(), "secret");
  EXPECT_FALSE(read_quote(token, "Secret"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(read_quote(changed, "secret")) << i;
    EXPECT_FALSE(read_quote(token.substr(0, i), "secret")) << i;
  }
  EXPECT_FALSE(read_quote(std::string(100'000, 'a'), "secret"));
}

}  // namespace
}  // namespace chengying::billing
