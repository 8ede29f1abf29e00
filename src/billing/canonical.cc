#include "billing/canonical.h"

#include <algorithm>
#include <charconv>

namespace chengying::billing {

namespace {
/// Characters that stand for themselves in a string.
constexpr bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_plain(text[length])) ++length;
  return length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    default:
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
  }
}

template <class T>
void append_number(std::string& out, T value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}
}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = plain_length(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    append_escaped(out, text.front());
    text.remove_prefix(1);
  }
  out += '"';
}

void CanonicalWriter::begin(std::string_view name) {
  text_ += text_.empty() ? "{\"" : ",\"";
  text_ += name;
  text_ += "\":";
}

void CanonicalWriter::append_signed(std::int64_t value) {
  append_number(text_, value);
}
void CanonicalWriter::append_unsigned(std::uint64_t value) {
  append_number(text_, value);
}

void CanonicalWriter::operator()(std::string_view name, const std::string& value) {
  begin(name);
  append_json_string(text_, value);
}
void CanonicalWriter::operator()(std::string_view name, const Money& value) {
  (*this)(name, value.nano());
}
void CanonicalWriter::operator()(std::string_view name, const Digest& value) {
  begin(name);
  text_ += '"';
  text_ += value.hex();
  text_ += '"';
}

std::string CanonicalWriter::finish() {
  text_ += text_.empty() ? "{}" : "}";
  return std::move(text_);
}

bool CanonicalReader::take(std::string_view token) {
  if (!rest_.starts_with(token)) return false;
  rest_.remove_prefix(token.size());
  return true;
}

void CanonicalReader::fault(std::string_view name, std::string_view what) {
  if (!error_) error_ = Error{Code::kInvalidArgument, fmt::format("field \"{}\" {}", name, what)};
}

void CanonicalReader::begin(std::string_view name) {
  if (error_) return;
  const bool found = take(first_ ? "{\"" : ",\"") && take(name) && take("\":");
  first_ = false;
  if (!found) fault(name, "is missing or not in its place");
}

bool CanonicalReader::comes(std::string_view name) const {
  std::string_view rest = rest_;
  for (const std::string_view token :
       {std::string_view(first_ ? "{\"" : ",\""), name, std::string_view("\":")}) {
    if (!rest.starts_with(token)) return false;
    rest.remove_prefix(token.size());
  }
  return true;
}

void CanonicalReader::take_number(const char* end) {
  std::string_view digits = rest_.substr(0, static_cast<std::size_t>(end - rest_.data()));
  rest_.remove_prefix(digits.size());
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  if (digits.front() == '0' && (negative || digits.size() > 1)) canonical_ = false;  // 007, -0
}

std::int64_t CanonicalReader::take_signed(std::string_view name, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  if (error_) return value;
  const auto [end, fault_code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (fault_code != std::errc() || value < low || value > high) {
    fault(name, "is not an integer in its range");
    return 0;
  }
  take_number(end);
  return value;
}

std::uint64_t CanonicalReader::take_unsigned(std::string_view name, std::uint64_t high) {
  std::uint64_t value = 0;
  if (error_) return value;
  const auto [end, fault_code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (fault_code != std::errc() || value > high) {
    fault(name, "is not a non-negative integer in its range");
    return 0;
  }
  take_number(end);
  return value;
}

bool CanonicalReader::take_escape(std::string& value) {
  if (take("\\\"")) {
    value += '"';
  } else if (take("\\\\")) {
    value += '\\';
  } else if (take("\\n")) {
    value += '\n';
  } else if (take("\\u00") && rest_.size() >= 2) {
    unsigned code = 0;
    std::from_chars(rest_.data(), rest_.data() + 2, code, 16);
    const std::string_view digits = rest_.substr(0, 2);
    rest_.remove_prefix(2);
    value += static_cast<char>(code);
    const bool as_written =
        code != '\n' && (code < 0x20 || code == 0x7f) && digits == fmt::format("{:02x}", code);
    if (!as_written) canonical_ = false;
  } else {
    return false;
  }
  return true;
}

void CanonicalReader::operator()(std::string_view name, std::string& value) {
  begin(name);
  if (error_) return;
  value.clear();
  if (!take("\"")) return fault(name, "is not a string");
  while (true) {
    const std::size_t plain = plain_length(rest_);
    value.append(rest_, 0, plain);
    rest_.remove_prefix(plain);
    if (rest_.empty() || rest_.front() == '"') break;
    if (rest_.front() == '\\') {
      if (!take_escape(value)) return fault(name, "has an unknown escape");
    } else {  // a control character that should have been escaped
      value += rest_.front();
      rest_.remove_prefix(1);
      canonical_ = false;
    }
  }
  if (!take("\"")) fault(name, "does not end");
}

void CanonicalReader::operator()(std::string_view name, Money& value) {
  std::int64_t nano = 0;
  (*this)(name, nano);
  value = Money::nano(nano);
}

void CanonicalReader::operator()(std::string_view name, Digest& value) {
  (*this)(name, word_);
  if (error_) return;
  const auto digest = Digest::from_hex(word_);
  if (!digest) return fault(name, "is not a digest of 64 hexadecimal characters");
  value = *digest;
  if (std::ranges::any_of(word_, [](char c) { return c >= 'A' && c <= 'F'; })) canonical_ = false;
}

Status CanonicalReader::finish() {
  if (!error_ && !take(first_ ? "{}" : "}")) fault("}", "is missing: the line is cut or has more fields");
  if (!error_ && !rest_.empty()) fault("}", "is followed by more text");
  if (error_) return std::unexpected<Error>(*error_);
  if (!canonical_) return fail(Code::kInvalidArgument, "not in canonical form");
  return {};
}

}  // namespace chengying::billing
