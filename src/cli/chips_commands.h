// The subcommands of `chengying chips` that have files of their own.
#pragma once

#include "cli/command.h"

namespace chengying::cli {

void add_chips_compare(CLI::App& app, Invocation& invocation);
void add_chips_sweep(CLI::App& app, Invocation& invocation);

}  // namespace chengying::cli
