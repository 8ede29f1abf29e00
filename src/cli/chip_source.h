// Where chips come from on the command line: the specs that the binary carries, or files. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "isa/spec.h"

namespace chengying::cli {

/// All chips: those of `folder`, or the embedded ones if it is empty; ordered by name.
Result<std::vector<isa::ChipSpec>> all_chips(const std::string& folder);

/// A chip by its name ("host"), or by the path of a spec (anything with a '/' or ending in ".toml").
/// kNotFound lists the names that there are.
Result<isa::ChipSpec> find_chip(const std::string& name_or_path, const std::string& folder = {});

}  // namespace chengying::cli
