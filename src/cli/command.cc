#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "cli/help.h"
#include "cli/version.h"

namespace chengying::cli {
namespace {

constexpr int kWrongCommandLine = 2;
constexpr char kAbout[] =
    "Chengying: an AI inference chip that nobody buys and anybody can rent.\n"
    "Compiles models, runs them on exact models of chips, and serves them by the slice.";
constexpr char kExamples[] =
    "Examples:\n"
    "  chengying chips list\n"
    "  chengying run model.onnx --chip host --input photo.jpg --top 5\n"
    "  chengying COMMAND --help          options and examples of a command\n"
    "\n"
    "Exit codes: 0 done, 2 wrong command line, 3 to 15 what failed (docs/adr/0001-errors.md)\n";

/// "Examples:" with each line of `examples` indented.
std::string footer_of(const Command& command) {
  std::string footer = "Examples:\n";
  std::string_view rest = command.examples;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    footer += fmt::format("  {}\n", rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return footer;
}

int print_error(std::string_view message, int exit_code) {
  fmt::print(stderr, "chengying: {}\n", message);
  return exit_code;
}

/// Of `lease create` and the like, at every depth: the headings of the main help are not theirs.
void group_commands_of(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->group("Commands");
    group_commands_of(*command);
  }
}

/// CLI11 throws for --help and --version too; those print to stdout and are successes.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& end) {
  if (end.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(end);
  return print_error(usage_error(app, end), kWrongCommandLine);
}

void add_commands(CLI::App& app, Invocation& invocation) {
  for (const Command& command : commands()) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.summary);
    subcommand->group(command.group);
    subcommand->footer(footer_of(command));
    command.add(*subcommand, invocation);
    group_commands_of(*subcommand);
    if (!subcommand->get_subcommands([](const CLI::App*) { return true; }).empty()) {
      subcommand->require_subcommand(1);
    }
  }
}

int run_action(const Invocation& invocation) {
  try {
    if (const Status status = invocation.action(); !status) {
      return print_error(status.error().message, exit_code_of(status.error().code));
    }
  } catch (const std::bad_alloc&) {
    return print_error("out of memory", exit_code_of(Code::kResourceExhausted));
  }
  if (std::fflush(stdout) != 0) {
    return print_error("cannot write to standard output", exit_code_of(Code::kUnavailable));
  }
  return 0;
}

}  // namespace

void on_run(CLI::App& app, Invocation& invocation, std::function<Status()> action) {
  app.add_flag("--json", invocation.json, "Print one JSON document");
  app.callback([&invocation, action = std::move(action)] { invocation.action = action; });
}

int run_command_line(int argc, const char* const* argv) {
  CLI::App app(kAbout, "chengying");
  Invocation invocation;
  app.footer(kExamples);
  app.set_version_flag("--version", fmt::format("chengying {}", kVersion), "Print the version");
  app.add_flag("--json", invocation.json, "Print one JSON document (every command takes it)");
  app.require_subcommand(1);
  app.formatter(std::make_shared<HelpFormatter>());
  add_commands(app, invocation);
  if (argc < 2) {
    fmt::print(stderr, "{}", app.help());
    return kWrongCommandLine;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return end_of_parsing(app, end);
  }
  return run_action(invocation);
}

}  // namespace chengying::cli
