// ProfileFiles: what a profile leaves behind for other programs to show. One thread.
#pragma once

#include <string>

#include "base/error.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::cli {

struct ProfileFiles {
  std::string trace, roofline;  // paths; empty: not wanted
};

/// Errors of the file system, which name the path.
Status write_profile_files(const ProfileFiles& files, const isa::Executable& executable,
                           const isa::Program& program, const isa::ChipSpec& chip,
                           const timing::Timing& timing);

}  // namespace chengying::cli
