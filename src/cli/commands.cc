// The table of subcommands. A row is added with the file that it names.
#include "cli/commands.h"

namespace chengying::cli {
namespace {

constexpr char kLocal[] = "On files, without a service";

constexpr Command kCommands[] = {
    {"chips", kLocal, "List the chips, or show one with the source of each number",
     "chengying chips list\n"
     "chengying chips show hanguang800\n",
     add_chips},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace chengying::cli
