#include "billing/canonical.h"

#include <charconv>

namespace chengying::billing {

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
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
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void CanonicalWriter::begin(std::string_view name) {
  text_ += text_.empty() ? "{\"" : ",\"";
  text_ += name;
  text_ += "\":";
}

namespace {
template <class T>
void append_number(std::string& out, T value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}
}  // namespace

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

std::int64_t CanonicalReader::take_signed(std::string_view name, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  if (error_) return value;
  const auto [end, fault_code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (fault_code != std::errc() || value < low || value > high) {
    fault(name, "is not an integer in its range");
    return 0;
  }
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
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
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return value;
}

void CanonicalReader::operator()(std::string_view name, std::string& value) {
  begin(name);
  if (error_) return;
  value.clear();
  if (!take("\"")) return fault(name, "is not a string");
  while (!rest_.empty() && rest_.front() != '"') {
    if (rest_.front() != '\\') {
      value += rest_.front();
      rest_.remove_prefix(1);
      continue;
    }
    if (take("\\\"")) {
      value += '"';
    } else if (take("\\\\")) {
      value += '\\';
    } else if (take("\\n")) {
      value += '\n';
    } else if (take("\\u00") && rest_.size() >= 2) {
      unsigned code = 0;
      std::from_chars(rest_.data(), rest_.data() + 2, code, 16);
      value += static_cast<char>(code);
      rest_.remove_prefix(2);
    } else {
      return fault(name, "has an unknown escape");
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
  std::string text;
  (*this)(name, text);
  if (error_) return;
  const auto digest = Digest::from_hex(text);
  if (!digest) return fault(name, "is not a digest of 64 hexadecimal characters");
  value = *digest;
}

Status CanonicalReader::finish() {
  if (!error_ && !take(first_ ? "{}" : "}")) fault("}", "is missing: the line is cut or has more fields");
  if (!error_ && !rest_.empty()) fault("}", "is followed by more text");
  if (error_) return std::unexpected<Error>(*error_);
  return {};
}

}  // namespace chengying::billing
