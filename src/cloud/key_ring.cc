#include "cloud/key_ring.h"

#include <mutex>

namespace chengying::cloud {

namespace {
constexpr std::size_t kSecretBytes = 24;
constexpr std::size_t kSecretLengthMax = 128;
}  // namespace

std::string new_secret() {
  return std::string(kSecretPrefix) + random_hex(kSecretBytes);
}

void KeyRing::replace(std::vector<StoredKey> keys) {
  std::map<Digest, StoredKey> next;
  for (StoredKey& key : keys) {
    const Digest hash = key.hash;
    next.emplace(hash, std::move(key));
  }
  const std::unique_lock lock(mutex_);
  keys_.swap(next);
}

Result<Caller> KeyRing::find(std::string_view secret, std::int64_t now_wall_us) const {
  const auto unknown = [] {
    return fail(Code::kUnauthenticated, "no valid key: send one as \"Authorization: Bearer chg_...\"");
  };
  if (!secret.starts_with(kSecretPrefix) || secret.size() > kSecretLengthMax) return unknown();
  const Digest hash = sha256(secret);
  const std::shared_lock lock(mutex_);
  const auto it = keys_.find(hash);
  if (it == keys_.end()) return unknown();
  if (it->second.expires_us != 0 && it->second.expires_us <= now_wall_us) return unknown();
  return it->second.caller;
}

}  // namespace chengying::cloud
