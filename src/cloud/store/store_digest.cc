#include "cloud/store/store_digest.h"

#include "cloud/store/tables.h"

namespace chengying::cloud {

namespace {
Result<Digest> digest_now(Database& database) {
  Hasher hasher;
  TRY_ASSIGN(const std::vector<Table> tables, tables_of(database));
  for (const Table& table : tables) {
    hasher.update(table.name);
    TRY_ASSIGN(Query rows, database.scan(table.all_rows()));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) break;
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        const std::string value = rows.text(static_cast<int>(column));
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
