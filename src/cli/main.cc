#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cli/command.h"

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("chengying"));  // stdout is for results alone
  spdlog::set_level(spdlog::level::warn);                             // `serve` says more
  return chengying::cli::run_command_line(argc, argv);
}
