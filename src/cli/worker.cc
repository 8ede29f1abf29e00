// chengying worker: a slice as a process of its own, started by the service.
#include "runtime/worker/serve_worker.h"

#include "cli/commands.h"

namespace chengying::cli {

void add_worker(CLI::App& app, Invocation& invocation) {
  on_run(app, invocation, [] { return runtime::serve_worker(); });
}

}  // namespace chengying::cli
