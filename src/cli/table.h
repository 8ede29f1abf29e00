// Table: rows of text under headings, aligned, for terminals and documents. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chengying::cli {

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
  std::string heading;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell for each column (CHECKed).
  void add(std::vector<std::string> cells);
  /// Lines with two spaces between columns and none at their ends; a line of dashes below the headings.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "1,234,567"
std::string grouped(std::uint64_t number);
/// Three significant digits and a unit: "1.23 ms", "456 us", "7.89 s".
std::string duration_text(double seconds);
/// "12.3 mJ"
std::string energy_text(double joules);
/// "97.5 MiB"
std::string bytes_text(double bytes);
/// "1.23 T", "456 G": powers of ten, for rates.
std::string scaled_text(double value);
/// "12.3 %" of a fraction.
std::string percent_text(double fraction);

}  // namespace chengying::cli
