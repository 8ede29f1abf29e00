// Listing: a list that the service gives, as an aligned table. Pure but for stdout.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table.h"

namespace chengying::cli {

struct ListColumn {
  std::string heading;
  std::function<std::string(const boost::json::object&)> cell;
  Align align = Align::kLeft;
};

/// A member as it is.
ListColumn text_column(std::string heading, std::string member, Align align = Align::kLeft);
/// Amounts: as decimal text, right-aligned.
ListColumn money_column(std::string heading, std::string member);

/// One line for each object of `document[member]`.
void print_list(const boost::json::object& document, std::string_view member,
                const std::vector<ListColumn>& columns);
/// One object: a line for each of its columns, "heading  value"; empty values are left out.
void print_one(const boost::json::object& object, const std::vector<ListColumn>& columns);

}  // namespace chengying::cli
