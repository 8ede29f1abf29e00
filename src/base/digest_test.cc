#include "base/digest.h"

#include <gtest/gtest.h>

namespace chengying {
namespace {

// FIPS 180-2, appendix B.1.
constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256("abc").hex(), kAbc);
}

TEST(Digest, OfPiecesIsTheDigestOfTheWhole) {
  Hasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish().hex(), kAbc);
}

TEST(Digest, HmacIsThatOfRfc4231) {
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, TextIsReadBackOnlyIfItIsWhole) {
  EXPECT_EQ(Digest::from_hex(kAbc), sha256("abc"));
  EXPECT_EQ(Digest::from_hex("BA" + std::string(kAbc.substr(2))), sha256("abc"));
  EXPECT_EQ(Digest::from_hex(""), std::nullopt);
  EXPECT_EQ(Digest::from_hex(kAbc.substr(1)), std::nullopt);
  EXPECT_EQ(Digest::from_hex("g" + std::string(kAbc.substr(1))), std::nullopt);
}

TEST(Digest, RandomTextHasItsLengthAndDiffers) {
  EXPECT_EQ(random_hex(16).size(), 32U);
  EXPECT_NE(random_hex(16), random_hex(16));
}

TEST(Digest, ComparisonSeesEveryByte) {
  EXPECT_TRUE(equal_in_constant_time("key", "key"));
  EXPECT_FALSE(equal_in_constant_time("key", "kez"));
  EXPECT_FALSE(equal_in_constant_time("key", "keys"));
}

}  // namespace
}  // namespace chengying
