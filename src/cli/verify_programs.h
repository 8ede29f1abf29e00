// VerifyPrograms: the cycles and joules of usage records, computed again from the programs that ran and the
// chips' specs. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::cli {

/// How many records of work were recomputed. kDataLoss names the first record and field that differs;
/// kInvalidArgument a record whose program was not given, or a program for a chip without a spec.
Result<std::int64_t> verify_programs(std::string_view records_jsonl,
                                     std::span<const isa::Executable> executables,
                                     std::span<const isa::ChipSpec> chips);

}  // namespace chengying::cli
