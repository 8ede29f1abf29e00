// The function of each subcommand: one file each, named after it (add_run is in run.cc). See command.h.
#pragma once

#include "cli/command.h"

namespace chengying::cli {

// On files, without a service.
void add_chips(CLI::App& app, Invocation& invocation);
void add_compile(CLI::App& app, Invocation& invocation);
void add_quantize(CLI::App& app, Invocation& invocation);
void add_run(CLI::App& app, Invocation& invocation);
void add_profile(CLI::App& app, Invocation& invocation);
void add_calibrate(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);

// The service, and what talks to one.
void add_serve(CLI::App& app, Invocation& invocation);
void add_worker(CLI::App& app, Invocation& invocation);
/// Of `tenant`: projects, caps, quota, weight, credits.
void add_tenant_limits(CLI::App& app, Invocation& invocation);
void add_tenant(CLI::App& app, Invocation& invocation);
void add_model(CLI::App& app, Invocation& invocation);
void add_fleet(CLI::App& app, Invocation& invocation);
void add_lease(CLI::App& app, Invocation& invocation);
void add_endpoint(CLI::App& app, Invocation& invocation);
void add_infer(CLI::App& app, Invocation& invocation);
void add_quote(CLI::App& app, Invocation& invocation);
void add_usage(CLI::App& app, Invocation& invocation);
void add_backup(CLI::App& app, Invocation& invocation);
void add_restore(CLI::App& app, Invocation& invocation);
void add_balance(CLI::App& app, Invocation& invocation);
void add_invoice(CLI::App& app, Invocation& invocation);
void add_events(CLI::App& app, Invocation& invocation);
void add_login(CLI::App& app, Invocation& invocation);

}  // namespace chengying::cli
