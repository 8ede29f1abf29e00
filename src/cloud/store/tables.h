// The tables of a store as its database knows them: what a digest and a copy walk over.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

struct Table {
  struct Column {
    std::string name;
    bool bytes = false;  // a hash; others are texts or numbers
  };
  std::string name;
  std::vector<Column> columns;    // as SELECT * gives them
  std::vector<std::string> keys;  // the columns of the primary key, in order

  /// All its rows, by primary key.
  std::string all_rows() const;
};

/// By name; all but `meta`, which is no part of the history.
Result<std::vector<Table>> tables_of(Database& database);

}  // namespace chengying::cloud
