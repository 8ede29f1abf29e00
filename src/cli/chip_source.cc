#include "cli/chip_source.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "cli/embedded.h"

namespace chengying::cli {
namespace {

constexpr std::string_view kFolder = "chips/";
constexpr std::string_view kSuffix = ".toml";

Result<std::vector<isa::ChipSpec>> embedded_chips() {
  std::vector<isa::ChipSpec> chips;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.path.starts_with(kFolder)) continue;
    TRY_ASSIGN(chips.emplace_back(), isa::parse_chip_spec(file.text, file.path));
  }
  return chips;
}

bool is_path(std::string_view name) {
  return name.find('/') != name.npos || name.ends_with(kSuffix);
}

}  // namespace

Result<std::vector<isa::ChipSpec>> all_chips(const std::string& folder) {
  return folder.empty() ? embedded_chips() : isa::load_chip_specs(folder);
}

Result<isa::ChipSpec> find_chip(const std::string& name_or_path, const std::string& folder) {
  if (is_path(name_or_path)) return isa::load_chip_spec(name_or_path);
  TRY_ASSIGN(std::vector<isa::ChipSpec> chips, all_chips(folder));
  const auto found = std::ranges::find(chips, name_or_path, &isa::ChipSpec::name);
  if (found != chips.end()) return std::move(*found);
  std::vector<std::string> names;
  for (const isa::ChipSpec& chip : chips) names.push_back(chip.name);
  return fail(Code::kNotFound, "no chip is called '{}'; there are: {}; or give the path of a spec (.toml)",
              name_or_path, fmt::join(names, ", "));
}

}  // namespace chengying::cli
