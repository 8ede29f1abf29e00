// HostSpec: what was measured of this machine as a chip file, in the form of chips/host.toml. Pure.
#pragma once

#include <string>

#include "cli/probe.h"

namespace chengying::cli {

/// A whole spec. What no measurement of a machine's own can tell (energy, the fixed cost of an instruction)
/// is marked as estimated, as it is in chips/host.toml.
std::string host_spec_toml(const MachineFacts& facts);

}  // namespace chengying::cli
