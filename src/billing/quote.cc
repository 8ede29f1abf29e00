#include "billing/quote.h"

#include <array>

#include "billing/canonical.h"

namespace chengying::billing {

namespace {
constexpr std::string_view kPrefix = "cq1.";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTokenBytesMax = 4096;

/// base64url without padding.
std::string encode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out += kAlphabet[(bits >> count) & 63];
    }
  }
  if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63];
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 255);
    }
  }
  return out;
}
}  // namespace

std::string_view name_of(QuoteKind kind) {
  return kind == QuoteKind::kWork ? "work" : "capacity";
}

bool enum_from_name(std::string_view name, QuoteKind& kind) {
  for (const QuoteKind each : {QuoteKind::kWork, QuoteKind::kCapacity}) {
    if (name == name_of(each)) {
      kind = each;
      return true;
    }
  }
  return false;
}

template <class Visit, class Value>
void visit_fields(Visit& visit, Value& quote) {
  visit("id", quote.id);
  visit("kind", quote.kind);
  visit("tenant", quote.tenant);
  visit("offer", quote.offer);
  visit("price_book_version", quote.price_book_version);
  visit("currency", quote.currency);
  visit("price_nano", quote.price);
  visit("expires_wall_us", quote.expires_wall_us);
  visit("cores", quote.cores);
  visit("executable", quote.executable);
  visit("batch", quote.batch);
  visit.optional("arguments", quote.arguments);
  visit("cycles", quote.cycles);
  visit("clock_hz", quote.clock_hz);
  visit("picojoules", quote.picojoules);
  visit("seconds", quote.seconds);
}

std::string sign_quote(const Quote& quote, std::string_view secret) {
  const std::string body = encode_base64(write_canonical(quote));
  return fmt::format("{}{}.{}", kPrefix, body, hmac_sha256(secret, body).hex());
}

Result<Quote> read_quote(std::string_view token, std::string_view secret) {
  const auto wrong = [] {
    return fail(Code::kInvalidArgument, "not a quote of this service: its signature does not fit");
  };
  if (token.size() > kTokenBytesMax || !token.starts_with(kPrefix)) return wrong();
  token.remove_prefix(kPrefix.size());
  const std::size_t point = token.find('.');
  if (point == std::string_view::npos) return wrong();
  const std::string_view body = token.substr(0, point);
  if (!equal_in_constant_time(hmac_sha256(secret, body).hex(), token.substr(point + 1))) return wrong();
  auto quote = read_canonical<Quote>(decode_base64(body));
  if (!quote) return wrong();
  return quote;
}

}  // namespace chengying::billing
