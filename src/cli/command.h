// Command: how a subcommand joins the one binary. commands.h lists the functions, commands.cc is the table.
//
// A subcommand is one file with one function `void add_NAME(CLI::App& app, Invocation& invocation)`: it adds
// its options (and, for `tenant create` and the like, its own subcommands) to `app`, and calls `on_run` on
// each leaf with what is to be done. Parsing only chooses the action; main runs it afterwards, so that errors
// are values to the end. Options that must outlive the function live in a struct held by std::make_shared and
// captured by the action (shared because std::function must be copyable; nobody else holds it). One thread.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace chengying::cli {

/// What the command line asked for: filled while it is parsed, then run once.
struct Invocation {
  bool json = false;  // --json: one JSON document on stdout instead of text for people
  std::function<Status()> action;
};

/// `action` runs when `app` is the subcommand that was named. Gives the leaf its --json flag.
/// It prints results to stdout, progress and notes to stderr (only where stderr is a terminal: progress.h),
/// and returns an Error, which main prints as "chengying: message" and turns into the exit code of its code.
void on_run(CLI::App& app, Invocation& invocation, std::function<Status()> action);

struct Command {
  const char* name;
  const char* group;    // heading in --help
  const char* summary;  // one line
  const char*
      examples;  // lines of commands that can be copied, shown below the options; each begins "chengying "
  void (*add)(CLI::App& app, Invocation& invocation);
};

/// Every subcommand, in the order of --help.
std::span<const Command> commands();

/// Parses and runs: the whole of main. 0; 2 for a command line that is wrong; else exit_code_of(error's
/// code).
int run_command_line(int argc, const char* const* argv);

}  // namespace chengying::cli
