#include "cloud/store/database.h"

#include <algorithm>

#include "cloud/store/postgres.h"
#include "cloud/store/sqlite.h"

namespace chengying::cloud {

Digest Query::digest(int column) const {
  Digest digest;
  const std::string bytes = text(column);
  if (bytes.size() != digest.bytes.size()) return digest;
  std::ranges::transform(bytes, digest.bytes.begin(),
                         [](char byte) { return static_cast<std::uint8_t>(byte); });
  return digest;
}

Backend Database::backend_of(std::string_view where) {
  const bool url = where.starts_with("postgresql://") || where.starts_with("postgres://");
  return url ? Backend::kPostgres : Backend::kSqlite;
}

Result<Database> Database::open(const std::string& where, bool read_only) {
  const Backend backend = backend_of(where);
  TRY_ASSIGN(auto connection,
             backend == Backend::kPostgres ? open_postgres(where, read_only) : open_sqlite(where, read_only));
  return Database(backend, std::move(connection));
}

}  // namespace chengying::cloud
