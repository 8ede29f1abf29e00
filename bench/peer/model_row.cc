#include "peer/model_row.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "base/file.h"

namespace chengying::peer {
namespace {

constexpr std::size_t kColumns = 7;
constexpr std::uint64_t kListBytesMax = 1 << 20;
constexpr std::int64_t kTokens = 997;  // below any vocabulary; a prime, so that they don't repeat soon

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == text.npos ? std::string() : std::string(text.substr(first, last - first + 1));
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream stream(text == "-" ? "" : text);
  for (std::string part; std::getline(stream, part, by);)
    if (!trimmed(part).empty()) parts.push_back(trimmed(part));
  return parts;
}

std::pair<std::string, std::string> named(const std::string& text) {
  const auto equals = text.rfind('=');
  if (equals == text.npos) return {text, ""};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Result<std::int64_t> whole(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end && !text.empty()) return number;
  return fail(Code::kInvalidArgument, "'{}' is no whole number", text);
}

Result<ModelRow> row_of(const std::string& line) {
  const std::vector<std::string> columns = split(line, '|');
  if (columns.size() != kColumns)
    return fail(Code::kInvalidArgument, "{} columns; {} are wanted", columns.size(), kColumns);
  ModelRow row;
  row.name = columns[0];
  row.package = columns[1].substr(0, columns[1].rfind('@'));
  row.file = columns[3];
  for (const std::string& part : split(columns[4], ',')) {
    const auto [name, size] = named(part);
    TRY_ASSIGN(row.dimensions[name], whole(size));
  }
  for (const std::string& part : split(columns[5], ' ')) row.inputs.insert(named(part));
  std::istringstream measure(columns[6]);
  std::string kind;
  double limit = 0;
  measure >> kind >> limit;
  if (!measure || (kind != "relative" && kind != "cosine"))
    return fail(Code::kInvalidArgument, "measure '{}'; known: relative LIMIT, cosine LIMIT", columns[6]);
  (kind == "relative" ? row.difference_max : row.cosine_min) = limit;
  return row;
}

/// Slow and fast waves over the flat index: smooth like pictures and sound, never the same twice.
float wave(std::size_t i) {
  const auto x = static_cast<double>(i);
  return static_cast<float>(0.6 * std::sin(x * 0.013) + 0.3 * std::sin(x * 0.37) + 0.1 * std::cos(x * 1.7));
}

/// A pixel of a page of lines of what looks like letters: dots of 3 x 3 pixels, 3 x 5 dots to a letter, set
/// by a hash of its place. A detector of text finds it, and says so: on waves its answers are all next to
/// nothing.
float page(std::int64_t y, std::int64_t x) {
  constexpr std::int64_t kLine = 32, kLetter = 12, kDot = 3, kMargin = 8;
  constexpr float kPaper = 2, kInk = -2;
  const std::int64_t row = y % kLine - kMargin, column = x % kLetter;
  if (row < 0 || row >= 5 * kDot || column >= 3 * kDot) return kPaper;
  const auto letter = static_cast<std::uint32_t>(y / kLine * 131 + x / kLetter * 7919);
  const std::int64_t dot = row / kDot * 3 + column / kDot;
  return (letter * 2654435761U >> (5 + dot) & 1) != 0 ? kInk : kPaper;
}

void fill(Tensor& tensor, const auto& value) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.elements()); ++i) {
    switch (tensor.dtype()) {
      case DType::kF32:
        tensor.as<float>()[i] = static_cast<float>(value(i));
        break;
      case DType::kI64:
        tensor.as<std::int64_t>()[i] = static_cast<std::int64_t>(value(i));
        break;
      case DType::kI32:
        tensor.as<std::int32_t>()[i] = static_cast<std::int32_t>(value(i));
        break;
      default:
        tensor.bytes()[i * size_of(tensor.dtype())] = static_cast<std::byte>(value(i));
    }
  }
}

}  // namespace

std::filesystem::path ModelRow::path(const std::filesystem::path& repository) const {
  return repository / ".cache/npm" / package / file;
}

Result<std::vector<ModelRow>> read_model_rows(const std::filesystem::path& list) {
  TRY_ASSIGN(const std::string text, read_text_file(list, kListBytesMax));
  std::istringstream stream(text);
  std::vector<ModelRow> rows;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    Result<ModelRow> row = row_of(line);
    if (!row) return within(fmt::format("{}:{}", list.string(), number), row.error());
    rows.push_back(std::move(*row));
  }
  return rows;
}

Tensor input_of(const ModelRow& row, const std::string& name, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  const auto given = row.dimensions.find(name);
  const auto found = row.inputs.find(name);
  const std::string rule = found == row.inputs.end() ? "" : found->second;
  if (given != row.dimensions.end())
    fill(tensor, [&](std::size_t) { return given->second; });
  else if (rule == "tokens")
    fill(tensor, [](std::size_t i) { return (static_cast<std::int64_t>(i) * 7919 + 101) % kTokens; });
  else if (rule == "page" && shape.size() == 4)
    fill(tensor, [&](std::size_t i) {
      const auto at = static_cast<std::int64_t>(i);
      return page(at / shape[3] % shape[2], at % shape[3]);
    });
  else if (rule.starts_with("count:"))
    fill(tensor, [&](std::size_t i) { return std::stoll(rule.substr(6)) + static_cast<std::int64_t>(i); });
  else if (!rule.empty())
    fill(tensor, [&](std::size_t) { return std::stoll(rule); });
  else if (dtype == DType::kF32)
    fill(tensor, wave);
  else
    fill(tensor, [](std::size_t) { return 1; });
  return tensor;
}

}  // namespace chengying::peer
