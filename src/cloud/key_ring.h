// KeyRing: the valid keys in memory, by the SHA-256 of their secrets, so that no request reads the store to
// know its caller. Filled from the store at start and after each change. Any thread. A secret itself is kept
// nowhere.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "cloud/cloud.h"

namespace chengying::cloud {

inline constexpr std::string_view kSecretPrefix = "chg_";
std::string new_secret();

struct StoredKey {
  Digest hash;
  Caller caller;
  std::int64_t expires_us = 0;  // wall; 0: never
};

class KeyRing {
 public:
  /// All keys that are not revoked.
  void replace(std::vector<StoredKey> keys);
  /// kUnauthenticated in the same words whatever was wrong.
  Result<Caller> find(std::string_view secret, std::int64_t now_wall_us) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<Digest, StoredKey> keys_;
};

}  // namespace chengying::cloud
