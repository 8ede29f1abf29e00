#include "cli/listing.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "cli/service_client.h"

namespace chengying::cli {

namespace json = boost::json;

ListColumn text_column(std::string heading, std::string member, Align align) {
  return {std::move(heading),
          [member = std::move(member)](const json::object& object) { return text_of(object, member); },
          align};
}

ListColumn money_column(std::string heading, std::string member) {
  return text_column(std::move(heading), std::move(member), Align::kRight);
}

void print_list(const json::object& document, std::string_view member,
                const std::vector<ListColumn>& columns) {
  std::vector<Column> headings;
  for (const ListColumn& column : columns) headings.push_back({column.heading, column.align});
  Table table(std::move(headings));
  const json::value* rows = document.if_contains(member);
  if (rows != nullptr && rows->is_array()) {
    for (const json::value& row : rows->get_array()) {
      if (!row.is_object()) continue;
      std::vector<std::string> cells;
      for (const ListColumn& column : columns) cells.push_back(column.cell(row.get_object()));
      table.add(std::move(cells));
    }
  }
  fmt::print("{}", table.text());
}

void print_one(const json::object& object, const std::vector<ListColumn>& columns) {
  std::size_t width = 12;
  for (const ListColumn& column : columns) width = std::max(width, column.heading.size());
  for (const ListColumn& column : columns) {
    const std::string cell = column.cell(object);
    if (!cell.empty()) fmt::print("{:<{}}{}\n", column.heading, width + 2, cell);
  }
}

}  // namespace chengying::cli
