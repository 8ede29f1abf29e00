#include "cli/graph_picture.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "base/digest.h"
#include "base/file.h"
#include "cli/table.h"

extern char** environ;

namespace chengying::cli {
namespace {

/// Inside of a quoted name of the language.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

/// White for nothing to red for the whole, on a scale of roots, so that a tenth can be told from nothing.
std::string colour_of(double share) {
  const double strength = std::sqrt(std::clamp(share, 0.0, 1.0));
  const int fade = 255 - static_cast<int>(strength * 190);
  return fmt::format("#ff{:02x}{:02x}", fade, fade);
}

Status run_dot(const std::string& input, const std::string& output) {
  std::string program = "dot", format = "-Tsvg", to = "-o" + output, from = input;
  const std::array<char*, 5> arguments{program.data(), format.data(), to.data(), from.data(), nullptr};
  pid_t child = 0;
  int state = 0;
  if (::posix_spawnp(&child, "dot", nullptr, nullptr, arguments.data(), environ) != 0)
    return fail(Code::kUnavailable,
                "graphviz's dot is not installed (Debian: graphviz); write a .dot file instead");
  if (::waitpid(child, &state, 0) != child || !WIFEXITED(state) || WEXITSTATUS(state) != 0)
    return fail(Code::kUnavailable, "graphviz's dot could not draw {}", output);
  return {};
}

}  // namespace

std::string dot_of(std::string_view name, const std::vector<compiler::LayerReport>& layers) {
  std::uint64_t cycles = 0;
  for (const auto& layer : layers) cycles += layer.cycles;
  std::string text = fmt::format(
      "digraph \"{}\" {{\n  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", "
      "fontsize=10];\n",
      escaped(name));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& layer = layers[i];
    const double share = cycles == 0 ? 0 : static_cast<double>(layer.cycles) / static_cast<double>(cycles);
    text += fmt::format("  l{} [label=\"{}\\n{} {}\\n{} cycles, {}, {}\", fillcolor=\"{}\"];\n", i,
                        escaped(layer.name), escaped(layer.operation), escaped(layer.output),
                        grouped(layer.cycles), percent_text(share), escaped(layer.limit), colour_of(share));
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (const std::size_t from : layers[i].reads) text += fmt::format("  l{} -> l{};\n", from, i);
  return text + "}\n";
}

Status write_picture(const std::string& path, const std::string& dot) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".dot") return write_file_atomically(path, std::string_view(dot));
  if (ending != ".svg") return fail(Code::kInvalidArgument, "{}: a picture is a .dot or .svg file", path);
  const std::string input = path + "." + random_hex(6) + ".dot";
  TRY(write_file_atomically(input, std::string_view(dot)));
  const Status drawn = run_dot(input, path);
  std::filesystem::remove(input);
  return drawn;
}

}  // namespace chengying::cli
