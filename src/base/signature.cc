#include "base/signature.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/digest.h"

namespace chengying {

namespace {
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

using Bytes = std::vector<std::uint8_t>;
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

std::string hex_of(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

/// Empty unless `hex` is exactly `count` bytes.
Bytes bytes_of(std::string_view hex, std::size_t count) {
  Bytes bytes;
  if (hex.size() != 2 * count) return bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto [end, fault] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (fault != std::errc() || end != hex.data() + i + 2) return {};
    bytes.push_back(byte);
  }
  return bytes;
}

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<Key> private_key_of(std::string_view hex) {
  const Bytes raw = bytes_of(hex, kKeyBytes);
  Key key(raw.empty() ? nullptr
                      : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  if (key == nullptr)
    return fail(Code::kDataLoss, "the signing key is not {} hexadecimal characters", 2 * kKeyBytes);
  return key;
}
}  // namespace

std::string new_signing_key() {
  return random_hex(kKeyBytes);
}

Result<std::string> public_key_of(std::string_view private_key) {
  TRY_ASSIGN(const Key key, private_key_of(private_key));
  Bytes raw(kKeyBytes);
  std::size_t size = raw.size();
  CHECK(EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) == 1);
  return hex_of(raw);
}

Result<std::string> sign(std::string_view text, std::string_view private_key) {
  TRY_ASSIGN(const Key key, private_key_of(private_key));
  const DigestContext context(EVP_MD_CTX_new());
  Bytes signature(kSignatureBytes);
  std::size_t size = signature.size();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  CHECK(EVP_DigestSign(context.get(), signature.data(), &size, data_of(text), text.size()) == 1);
  return hex_of(signature);
}

Status verify_signature(std::string_view text, std::string_view signature, std::string_view public_key) {
  const Bytes raw = bytes_of(public_key, kKeyBytes), signed_bytes = bytes_of(signature, kSignatureBytes);
  const Key key(raw.empty() ? nullptr
                            : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  const DigestContext context(EVP_MD_CTX_new());
  const bool fits = key != nullptr && !signed_bytes.empty() &&
                    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), signed_bytes.data(), signed_bytes.size(), data_of(text),
                                     text.size()) == 1;
  if (!fits) return fail(Code::kDataLoss, "the signature does not fit");
  return {};
}

}  // namespace chengying
