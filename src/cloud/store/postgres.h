// PostgreSQL as a Database's connection, for several control processes over one store. Writers queue up for
// one row (begin_writing locks it until the transaction ends), so each sees all that the one before it
// committed. A lost connection is made again by the next transaction (a reader's: by its next statement); a
// statement inside one that was lost is refused, never run on its own. A transaction that does nothing for
// kIdleMost is ended by the server, so that a process that hangs doesn't keep the others waiting.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

Result<std::unique_ptr<Connection>> open_postgres(const std::string& url, bool read_only);

}  // namespace chengying::cloud
