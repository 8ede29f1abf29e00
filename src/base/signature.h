// Signature: Ed25519 (OpenSSL): texts that one key signs and anybody with the public key can check. Values;
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace chengying {

/// A new private key, 64 hexadecimal characters. Secret.
std::string new_signing_key();
/// The public key of a private one, 64 hexadecimal characters. kDataLoss if it is none.
Result<std::string> public_key_of(std::string_view private_key);
/// 128 hexadecimal characters; the same text has the same signature. kDataLoss if the key is none.
Result<std::string> sign(std::string_view text, std::string_view private_key);
/// kDataLoss if `signature` is not the key's over `text`, or no signature at all.
Status verify_signature(std::string_view text, std::string_view signature, std::string_view public_key);

}  // namespace chengying
