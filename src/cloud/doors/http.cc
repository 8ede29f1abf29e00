#include "cloud/doors/http.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

namespace chengying::doors {
namespace {

constexpr std::array<std::string_view, 6> kMethodNames = {"GET", "HEAD", "POST", "PUT", "DELETE", "OTHER"};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// nullopt on a broken escape or a NUL. '+' means a space only in a query.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool parse_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decoded(pair.substr(0, equals), true);
    const auto value = percent_decoded(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value) return false;
    out.query.emplace_back(*name, *value);
  }
  return true;
}

}  // namespace

std::string_view name_of(Method method) {
  return kMethodNames.at(static_cast<std::size_t>(method));
}

std::optional<std::string_view> Target::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::expected<Target, std::string> parse_target(std::string_view target) {
  Target out;
  const std::size_t question = target.find('?');
  out.path = target.substr(0, question);
  if (out.path.empty() || out.path.front() != '/') return std::unexpected("the target must begin with '/'");
  std::string_view rest = std::string_view(out.path).substr(1);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    auto segment = percent_decoded(rest.substr(0, slash), false);
    if (!segment) return std::unexpected("the path has a broken %-escape");
    if (segment->empty()) return std::unexpected("the path has an empty segment ('//')");
    out.segments.push_back(*std::move(segment));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  if (question != std::string_view::npos && !parse_query(target.substr(question + 1), out)) {
    return std::unexpected("the query has a broken %-escape");
  }
  return out;
}

std::optional<std::string_view> RequestHead::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equal_without_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t RequestHead::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const Header& header) { return equal_without_case(header.name, name); }));
}

SpoolFile::~SpoolFile() {
  std::error_code ignored;  // it may have been moved away by whoever took the upload
  std::filesystem::remove(path_, ignored);
}

}  // namespace chengying::doors
