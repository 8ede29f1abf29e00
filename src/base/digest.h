// Digest: SHA-256 (OpenSSL) of bytes; the name of every model, executable and record. A value; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace chengying {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  /// 64 lower-case hexadecimal characters.
  std::string hex() const;
  /// nullopt unless `hex` is exactly 64 hexadecimal characters.
  static std::optional<Digest> from_hex(std::string_view hex);
};

/// Streaming SHA-256: update any number of times, then finish once.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::span<const std::byte> bytes);
Digest sha256(std::string_view text);
Digest hmac_sha256(std::string_view key, std::string_view text);
/// Compares in time that does not depend on where the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);
/// `count` random bytes from the operating system, as hexadecimal text of 2 * count characters.
std::string random_hex(std::size_t count);

}  // namespace chengying
