#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/check.h"

namespace chengying::cli {
namespace {

/// Characters as a terminal shows them, if each code point is one column wide.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void append_cell(std::string& line, std::string_view cell, std::size_t width, Align align) {
  const std::string padding(width - width_of(cell), ' ');
  if (!line.empty()) line += "  ";
  line += align == Align::kRight ? padding : "";
  line += cell;
  line += align == Align::kLeft ? padding : "";
}

struct Unit {
  double size;
  const char* name;
};

/// `value` in the largest unit that is not above it (the last one if all are), with three significant digits.
std::string in_units(double value, std::span<const Unit> units) {
  const auto unit = std::ranges::find_if(units.first(units.size() - 1),
                                         [&](const Unit& u) { return std::abs(value) >= u.size * 0.9995; });
  const double shown = value / unit->size;
  const int digits = std::abs(shown) >= 99.95 ? 0 : std::abs(shown) >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", shown, digits, unit->name);
}

constexpr Unit kTimes[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
constexpr Unit kEnergies[] = {{1, "J"}, {1e-3, "mJ"}, {1e-6, "uJ"}, {1e-9, "nJ"}};
constexpr Unit kBytes[] = {{1024.0 * 1024 * 1024, "GiB"}, {1024.0 * 1024, "MiB"}, {1024, "KiB"}, {1, "B"}};
constexpr Unit kPowersOfTen[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};

}  // namespace

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(width_of(column.heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  const auto add_line = [&](auto cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      append_cell(line, cell_of(i), widths[i], columns_[i].align);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) { return columns_[i].heading; });
  add_line([&](std::size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string duration_text(double seconds) {
  return in_units(seconds, kTimes);
}
std::string energy_text(double joules) {
  return in_units(joules, kEnergies);
}
std::string bytes_text(double bytes) {
  return in_units(bytes, kBytes);
}
std::string scaled_text(double value) {
  return in_units(value, kPowersOfTen);
}
std::string percent_text(double fraction) {
  return fmt::format("{:.1f} %", fraction * 100);
}

}  // namespace chengying::cli
