// The digest of a store's whole content: every row of every table. Two stores with the same digest are the
// same store; what a replayed journal and a restored backup are held against. Reads only.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

/// The same for both databases. Tables by name, rows by primary key; all but `meta`'s time line, which moves
/// while nothing changes.
Result<Digest> digest_of_store(Database& database);

}  // namespace chengying::cloud
