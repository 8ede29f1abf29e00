#include "cloud/store/tables.h"

#include <map>

namespace chengying::cloud {

namespace {
/// Table, column, place in the primary key (0: not in it), whether it has bytes.
constexpr const char* kSqliteColumns =
    "SELECT t.name, c.name, c.pk, c.type = 'BLOB' FROM sqlite_schema t, pragma_table_info(t.name) c "
    "WHERE t.type = 'table' AND t.name <> 'meta' ORDER BY t.name, c.cid";
constexpr const char* kPostgresColumns =
    "SELECT t.relname, a.attname, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0), "
    "a.atttypid = 'bytea'::regtype FROM pg_class t "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary WHERE t.relkind = 'r' AND "
    "t.relnamespace = current_schema()::regnamespace AND t.relname <> 'meta' ORDER BY t.relname, a.attnum";
}  // namespace

std::string Table::all_rows() const {
  std::string by;
  for (const std::string& key : keys) by += (by.empty() ? "" : ", ") + key;
  return fmt::format("SELECT * FROM {} ORDER BY {}", name, by);
}

Result<std::vector<Table>> tables_of(Database& database) {
  std::vector<Table> tables;
  std::map<std::string, std::map<std::int64_t, std::string>> keys;
  TRY_ASSIGN(Query rows,
             database.query(database.backend() == Backend::kPostgres ? kPostgresColumns : kSqliteColumns));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) break;
    if (tables.empty() || tables.back().name != rows.text(0)) tables.push_back({rows.text(0), {}, {}});
    tables.back().columns.push_back({rows.text(1), rows.integer(3) != 0});
    if (rows.integer(2) > 0) keys[rows.text(0)][rows.integer(2)] = rows.text(1);
  }
  for (Table& table : tables) {
    for (const auto& [place, key] : keys[table.name]) table.keys.push_back(key);
  }
  return tables;
}

}  // namespace chengying::cloud
