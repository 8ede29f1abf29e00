#include "base/signature.h"

#include <gtest/gtest.h>

namespace chengying {
namespace {

TEST(Signature, IsThatOfTheStandard) {
  // RFC 8032, section 7.1, test 2.
  const char* secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  EXPECT_EQ(*public_key_of(secret), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(*sign("r", secret),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aee"
            "b00d291612bb0c00");
}

TEST(Signature, FitsItsTextAndKeyAlone) {
  const std::string key = new_signing_key(), other = new_signing_key();
  const std::string signature = *sign("a text", key);
  EXPECT_TRUE(verify_signature("a text", signature, *public_key_of(key)));
  EXPECT_FALSE(verify_signature("a test", signature, *public_key_of(key)));
  EXPECT_FALSE(verify_signature("a text", signature, *public_key_of(other)));
  std::string changed = signature;
  changed[7] = changed[7] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(verify_signature("a text", changed, *public_key_of(key)));
}

TEST(Signature, WhatIsNoKeyOrSignatureIsRefused) {
  for (const char* key : {"", "xyz", "00"}) {
    EXPECT_EQ(sign("a", key).error().code, Code::kDataLoss) << key;
    EXPECT_FALSE(verify_signature("a", std::string(128, '0'), key)) << key;
  }
  EXPECT_FALSE(verify_signature("a", "", *public_key_of(new_signing_key())));
}

}  // namespace
}  // namespace chengying
