// Taps of Resize's tables, as the reference and the kernels read them.
#pragma once

#include <cstdint>

#include "reference/operands.h"

namespace chengying::reference {

struct Tap {
  std::int32_t number = 0;  // of a row or column; -1: outside of the input
  float weight = 0;
};

/// Entry `place` of a table; a number that is no place of `length` is noted as a fault.
Tap tap_at(const std::byte* table, std::int64_t place, std::int32_t length, Fault* fault);

}  // namespace chengying::reference
