// What the reference's and the kernels' selections share: the value of a comparison, and the row that an
// index names.
#pragma once

#include <cstdint>
#include <optional>

#include "isa/instruction.h"
#include "reference/operands.h"

namespace chengying::reference {

template <class T>
bool compare_value(isa::CompareKind kind, T a, T b) {
  switch (kind) {
    case isa::CompareKind::kEqual:
      return a == b;
    case isa::CompareKind::kNotEqual:
      return a != b;
    case isa::CompareKind::kLess:
      return a < b;
    case isa::CompareKind::kLessOrEqual:
      return a <= b;
    case isa::CompareKind::kAnd:
      return a != 0 && b != 0;
    case isa::CompareKind::kOr:
      return a != 0 || b != 0;
    case isa::CompareKind::kXor:
      return (a != 0) != (b != 0);
  }
  return false;
}

/// The order of TopK and Scan: true if a comes before b among the largest, or the smallest. A NaN comes after
/// everything that is none; of equals neither does.
bool comes_before(float a, float b, bool smallest);

/// The row of `rows` that the index at `at` names, negative ones counted from the end; none, and a fault
/// noted, if there is no such row.
std::optional<std::int64_t> row_of(const isa::View& indices, const std::byte* at, std::int64_t rows,
                                   Fault* fault);

}  // namespace chengying::reference
