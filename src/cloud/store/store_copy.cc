#include "cloud/store/store_copy.h"

#include <algorithm>

#include "base/check.h"
#include "cloud/store/tables.h"

namespace chengying::cloud {

namespace {
/// What other tables refer to comes before them.
constexpr std::string_view kFirst[] = {"accounts", "tenants", "price_books", "chips"};

Status copy_row(const Query& row, const Table& table, const std::string& insert, Database& to) {
  std::vector<std::string> texts(table.columns.size());
  std::vector<Digest> digests(table.columns.size());
  std::vector<Value> values;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].bytes) {
      digests[i] = row.digest(static_cast<int>(i));
      values.emplace_back(&digests[i]);
    } else {
      texts[i] = row.text(static_cast<int>(i));  // a column of numbers takes its number from it
      values.emplace_back(std::string_view(texts[i]));
    }
  }
  return to.run_values(insert, values);
}

Status copy_table(Database& from, const Table& table, Database& to) {
  std::string names, places;
  for (const Table::Column& column : table.columns) {
    names += (names.empty() ? "" : ", ") + column.name;
    places += places.empty() ? "?" : ", ?";
  }
  const std::string insert = fmt::format("INSERT INTO {}({}) VALUES({})", table.name, names, places);
  TRY_ASSIGN(Query rows, from.scan(table.all_rows()));
  for (;;) {
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return {};
    TRY(copy_row(rows, table, insert, to));
  }
}

Status copy_all(Database& from, Database& to) {
  TRY_ASSIGN(const std::int64_t there, to.number(0, "SELECT count(*) FROM journal"));
  if (there > 0)
    return fail(Code::kConflict, "the store to copy into has {} journal rows: give an empty one", there);
  TRY(to.run("DELETE FROM accounts"));  // the operator's, which every new store has
  TRY_ASSIGN(std::vector<Table> tables, tables_of(from));
  std::ranges::stable_partition(
      tables, [](const Table& table) { return std::ranges::find(kFirst, table.name) != std::end(kFirst); });
  for (const Table& table : tables) TRY(copy_table(from, table, to));
  TRY_ASSIGN(const std::int64_t monotonic,
             from.number(0, "SELECT value FROM meta WHERE name = 'monotonic_us'"));
  return to.run("UPDATE meta SET value = ? WHERE name = 'monotonic_us'", monotonic);
}
}  // namespace

Status copy_store(Database& from, Database& to) {
  return read_one_moment(from, [&]() -> Status {
    TRY(to.begin_writing());
    const Status copied = copy_all(from, to);
    if (!copied) {
      if (to.in_transaction()) (void)to.execute("ROLLBACK");
      return copied;
    }
    return to.execute("COMMIT");
  });
}

}  // namespace chengying::cloud
