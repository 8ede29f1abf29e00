// Changing a spec by the keys of its file: for sweeps over what a chip could be, and for how much a result
// hangs on a number. Values; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "isa/spec.h"

namespace chengying::isa {

/// Sets a number that the chip has ("memory.dram_bytes_per_second"). kInvalidArgument if it has no such
/// number, or if the value is out of the key's range or not whole where it must be. Rules over several
/// numbers are not checked.
Status set_number(ChipSpec& chip, std::string_view key, double value);

/// Ends a series of changes: checks the rules over several numbers, and gives the chip the digest that it
/// then has.
Status finish_edit(ChipSpec& chip);

}  // namespace chengying::isa
