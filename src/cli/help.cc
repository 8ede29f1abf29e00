#include "cli/help.h"

#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "base/words.h"

namespace chengying::cli {
namespace {

constexpr std::size_t kDescriptionColumns = 82;

/// Breaks at spaces, so that no line is longer than `width` unless a word is.
std::string wrapped(std::string_view text, std::size_t width) {
  std::string result;
  while (text.size() > width) {
    std::size_t end = text.rfind(' ', width);
    if (end == text.npos) end = text.find(' ');
    if (end == text.npos) break;
    result += fmt::format("{}\n", text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return result + std::string(text);
}

/// CLI11's name of a type and its check: "INT:INT in [1 - 16]" is 1..16, "INT:POSITIVE" is 1.., TEXT stays.
std::string type_of(const std::string& name) {
  constexpr std::string_view kIn = " in [", kTo = " - ";
  if (name.ends_with(":POSITIVE")) return "1..";
  if (name.ends_with(":NONNEGATIVE")) return "0..";
  const auto in = name.find(kIn);
  const auto to = in == name.npos ? name.npos : name.find(kTo, in);
  if (to == name.npos || !name.ends_with("]")) return name == "ENUM" ? "NAME" : name;
  const std::size_t low = in + kIn.size(), high = to + kTo.size();
  return fmt::format("{}..{}", name.substr(low, to - low), name.substr(high, name.size() - 1 - high));
}

/// The command that was named, as far as it was understood: `lease` of "chengying lease fly".
const CLI::App& named_in(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : named_in(*named.front());
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : fmt::format("{} {}", path_of(*app.get_parent()), app.get_name());
}

/// What is wrong where a command is missing or unknown.
std::string missing_command(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  for (const std::string& word : app.remaining()) {
    if (!word.starts_with('-')) return fmt::format("no command '{}'; {}", word, suggestion(word, names));
  }
  return fmt::format("'{}' needs a command: {}", path_of(app), fmt::join(names, ", "));
}

}  // namespace

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return "";
  std::string text = " " + type_of(option->get_type_name());
  if (!option->get_default_str().empty()) text += "=" + option->get_default_str();
  if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += " ...";
  if (option->get_required()) text += " REQUIRED";
  return text;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return wrapped(option->get_description(), kDescriptionColumns);
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& named = named_in(app);
  const bool unfinished = named.get_require_subcommand_min() > 0;
  return fmt::format("{}\nTry '{} --help'.", unfinished ? missing_command(named) : error.what(),
                     path_of(named));
}

}  // namespace chengying::cli
