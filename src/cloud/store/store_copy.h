// copy_store: all rows of one store into another that has none, whichever databases they are in. Both of the
// present schema version. The source may be written meanwhile: the copy is of one moment.
#pragma once

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

/// kConflict if `to` has anything in its journal. What fails leaves `to` as it was.
Status copy_store(Database& from, Database& to);

}  // namespace chengying::cloud
