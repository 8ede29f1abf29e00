#include "cli/fleet_config.h"

#include <sstream>
#include <toml.hpp>

namespace chengying::cli {
namespace {

constexpr std::int64_t kCountMost = 1024;

Result<std::map<std::string, std::int64_t>> read_fleet(const toml::value& root, std::string_view path) {
  for (const auto& [key, value] : root.as_table()) {
    if (key != "chips" || !value.is_table()) {
      return fail(Code::kInvalidArgument,
                  "{}:{}: {} is not known: write [chips] and a line NAME = COUNT for each kind", path,
                  value.location().line(), key);
    }
  }
  std::map<std::string, std::int64_t> fleet;
  if (!root.contains("chips")) return fleet;
  for (const auto& [name, count] : root.at("chips").as_table()) {
    if (!count.is_integer() || count.as_integer() < 1 || count.as_integer() > kCountMost) {
      return fail(Code::kInvalidArgument, "{}:{}: {} must be a number of chips in 1..{}", path,
                  count.location().line(), name, kCountMost);
    }
    fleet[name] = count.as_integer();
  }
  return fleet;
}

}  // namespace

Result<std::map<std::string, std::int64_t>> parse_fleet(std::string_view toml_text, std::string_view path) {
  // toml11 reports faults by exceptions.
  try {
    std::istringstream stream{std::string(toml_text)};
    return read_fleet(toml::parse(stream, std::string(path)), path);
  } catch (const std::exception& fault) {
    return fail(Code::kInvalidArgument, "{}: not TOML: {}", path, fault.what());
  }
}

}  // namespace chengying::cli
