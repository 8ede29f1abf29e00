#include "cloud/store/store_digest.h"

#include <string>
#include <vector>

namespace chengying::cloud {

namespace {
struct Table {
  std::string name;
  std::vector<std::string> keys;  // columns of the primary key
  int columns = 0;
};

/// Table, column, place in the primary key (0: not in it); tables by name, their keys in order.
constexpr const char* kSqliteColumns =
    "SELECT t.name, c.name, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c "
    "WHERE t.type = 'table' AND t.name <> 'meta' ORDER BY t.name, c.pk";
constexpr const char* kPostgresColumns =
    "SELECT t.relname, a.attname, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0) FROM pg_class "
    "t "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary WHERE t.relkind = 'r' AND "
    "t.relnamespace = current_schema()::regnamespace AND t.relname <> 'meta' ORDER BY 1, 3";

Result<std::vector<Table>> tables_of(Database& database) {
  std::vector<Table> tables;
  TRY_ASSIGN(Query rows,
             database.query(database.backend() == Backend::kPostgres ? kPostgresColumns : kSqliteColumns));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return tables;
    if (tables.empty() || tables.back().name != rows.text(0)) tables.push_back({rows.text(0), {}, 0});
    ++tables.back().columns;
    if (rows.integer(2) > 0) tables.back().keys.push_back(rows.text(1));
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<Digest> digest_now(Database& database) {
  Hasher hasher;
  TRY_ASSIGN(const std::vector<Table> tables, tables_of(database));
  for (const Table& table : tables) {
    hasher.update(table.name);
    TRY_ASSIGN(Query rows,
               database.scan(fmt::format("SELECT * FROM {} ORDER BY {}", table.name, joined(table.keys))));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) break;
      for (int column = 0; column < table.columns; ++column) {
        const std::string value = rows.text(column);
        hasher.update(fmt::format("|{}|", value.size()));
        hasher.update(value);
      }
    }
  }
  return hasher.finish();
}
}  // namespace

Result<Digest> digest_of_store(Database& database) {
  return read_one_moment(database, [&] { return digest_now(database); });
}

}  // namespace chengying::cloud
