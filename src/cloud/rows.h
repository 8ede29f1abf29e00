// Rows of a query as a vector. One thread, as the query.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

template <class T, class Read>
Result<std::vector<T>> collect(Query& query, Read read) {
  std::vector<T> rows;
  for (;;) {
    TRY_ASSIGN(const bool any, query.next());
    if (!any) return rows;
    TRY_ASSIGN(T row, read(query));
    rows.push_back(std::move(row));
  }
}

/// The only row, or kNotFound "no WHAT ID".
template <class T, class Read>
Result<T> one(Query& query, std::string_view what, std::string_view id, Read read) {
  TRY_ASSIGN(const bool any, query.next());
  if (!any) return fail(Code::kNotFound, "no {} {}", what, id.substr(0, 128));
  return read(query);
}

}  // namespace chengying::cloud
