#include "cli/profile_files.h"

#include "base/file.h"
#include "cli/roofline.h"
#include "cli/trace.h"

namespace chengying::cli {

Status write_profile_files(const ProfileFiles& files, const isa::Executable& executable,
                           const isa::Program& program, const isa::ChipSpec& chip,
                           const timing::Timing& timing) {
  if (!files.trace.empty())
    TRY(write_file_atomically(files.trace, trace_json(executable, program, chip, timing)));
  if (!files.roofline.empty())
    TRY(write_file_atomically(files.roofline, roofline_of(executable, program, chip, timing).svg()));
  return {};
}

}  // namespace chengying::cli
