// Pieces: results whose every element is one of a known place. Moves of any type, exact; as few slices as the
// places allow, joined by one concatenation.
#pragma once

#include "compiler/import/lowering.h"

namespace chengying::compiler {

/// Elements between neighbours along each dimension, row-major.
std::vector<std::int64_t> strides_of(const Shape& shape);

/// x with the entries `indices` along an axis; indices are in range.
Result<ValueId> entries_along(NodeLowering& n, ValueId x, std::int32_t axis,
                              const std::vector<std::int64_t>& indices);

/// An element of a flattened source.
struct Place {
  std::uint32_t source = 0;
  std::int64_t at = 0;
  bool operator==(const Place&) const = default;
};
/// The elements at `places` of the sources, which have one type, in the shape `to`.
Result<ValueId> elements_at(NodeLowering& n, const std::vector<ValueId>& sources,
                            const std::vector<Place>& places, Shape to);

/// An index into a dimension of `size`, counted from the end if negative; kInvalidArgument outside.
Result<std::int64_t> place_in(const NodeLowering& n, std::int64_t index, std::int64_t size);

/// kUnsupported where that many elements would be chosen one by one.
Status check_places(const NodeLowering& n, const Shape& shape);

/// A constant of zeros of the type that a value has, of as many elements.
ValueId zeros_like(NodeLowering& n, ValueId x, std::int64_t elements);

}  // namespace chengying::compiler
