// The worker's side: one slice of a chip in a process of its own, which does what its service says over a
// channel and ends with it. It trusts nothing that it can check: a frame that can't be obeyed ends it.
#pragma once

#include "base/error.h"

namespace chengying::runtime {

/// Serves the channel at descriptor 3 until it is closed; called once, as all that a process does.
/// kInvalidArgument if there is none: it was not started by a service. kDataLoss for a frame that is none.
Status serve_worker();

}  // namespace chengying::runtime
