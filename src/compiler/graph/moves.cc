#include "compiler/graph/moves.h"

#include <cstring>

#include "base/check.h"

namespace chengying::compiler {
namespace {

using Strides = std::vector<std::int64_t>;

Strides strides_of(const Shape& shape) {
  Strides strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

/// For each place of `extent` in row-major order: copies one element from `from` to `to`, whose places move
/// by the given strides (in elements).
void walk(const Shape& extent, const std::byte* from, const Strides& from_strides, std::byte* to,
          const Strides& to_strides, std::size_t size) {
  const std::int64_t count = *element_count(extent);
  const std::size_t rank = extent.size();
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t source = 0, target = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + target * static_cast<std::int64_t>(size),
                from + source * static_cast<std::int64_t>(size), size);
    for (std::size_t d = rank; d-- > 0;) {
      source += from_strides[d];
      target += to_strides[d];
      if (++index[d] < extent[d]) break;
      source -= from_strides[d] * extent[d];
      target -= to_strides[d] * extent[d];
      index[d] = 0;
    }
  }
}

std::int64_t offset_of(std::span<const std::int64_t> place, const Strides& strides) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < strides.size(); ++d) offset += place[d] * strides[d];
  return offset;
}

}  // namespace

Tensor gathered(const Tensor& x, const Tensor& numbers, const Shape& shape) {
  Tensor result(x.dtype(), shape);
  const std::int64_t rows = x.shape()[1], picked = shape[1];
  const auto row = static_cast<std::int64_t>(size_of(x.dtype())) * x.shape()[2];
  const auto number = [&](std::int64_t k) {
    const auto at = static_cast<std::size_t>(k);
    const std::int64_t i =
        numbers.dtype() == DType::kI64 ? numbers.as<std::int64_t>()[at] : numbers.as<std::int32_t>()[at];
    return i < 0 ? i + rows : i;
  };
  for (std::int64_t k = 0; k < picked; ++k) {
    const std::int64_t i = number(k);
    if (i < 0 || i >= rows) continue;
    for (std::int64_t o = 0; o < shape[0]; ++o)
      std::memcpy(result.bytes().data() + (o * picked + k) * row, x.bytes().data() + (o * rows + i) * row,
                  static_cast<std::size_t>(row));
  }
  return result;
}

Tensor concatenated(std::span<const Tensor* const> parts, std::int32_t axis, const Shape& shape) {
  Tensor result(parts.front()->dtype(), shape);
  const Strides to = strides_of(shape);
  const std::size_t size = size_of(result.dtype());
  std::int64_t place = 0;
  for (const Tensor* part : parts) {
    walk(part->shape(), part->bytes().data(), strides_of(part->shape()),
         result.bytes().data() + place * to[axis] * static_cast<std::int64_t>(size), to, size);
    place += part->shape()[axis];
  }
  return result;
}

Tensor transposed(const Tensor& input, std::span<const std::int32_t> permutation) {
  Shape shape;
  Strides from;
  const Strides strides = strides_of(input.shape());
  for (const std::int32_t d : permutation) {
    shape.push_back(input.shape()[d]);
    from.push_back(strides[d]);
  }
  Tensor result(input.dtype(), shape);
  walk(shape, input.bytes().data(), from, result.bytes().data(), strides_of(shape), size_of(input.dtype()));
  return result;
}

Tensor sliced(const Tensor& input, const SliceNode& slice, const Shape& shape) {
  Tensor result(input.dtype(), shape);
  Strides strides = strides_of(input.shape());
  const std::size_t size = size_of(input.dtype());
  const std::byte* first =
      input.bytes().data() + offset_of(slice.starts, strides) * static_cast<std::int64_t>(size);
  for (std::size_t d = 0; d < strides.size(); ++d) strides[d] *= slice.steps[d];
  walk(shape, first, strides, result.bytes().data(), strides_of(shape), size);
  return result;
}

Tensor padded(const Tensor& input, std::span<const std::int64_t> before, const Shape& shape,
              std::span<const std::byte> fill) {
  Tensor result(input.dtype(), shape);
  const std::size_t size = size_of(input.dtype());
  CHECK(fill.size() == size);
  for (std::int64_t i = 0; i < result.elements(); ++i)
    std::memcpy(result.bytes().data() + i * static_cast<std::int64_t>(size), fill.data(), size);
  const Strides to = strides_of(shape);
  walk(input.shape(), input.bytes().data(), strides_of(input.shape()),
       result.bytes().data() + offset_of(before, to) * static_cast<std::int64_t>(size), to, size);
  return result;
}

Tensor upsampled(const Tensor& input, const UpsampleNode& upsample, const Shape& shape) {
  // As a broadcast of [n,c,h,1,w,1] to [n,c,h,fh,w,fw].
  const Shape& x = input.shape();
  const Shape split{x[0], x[1], x[2], 1, x[3], 1};
  const Shape wide{x[0], x[1], x[2], upsample.factor_h, x[3], upsample.factor_w};
  return broadcasted(input.reshaped(split), wide).reshaped(shape);
}

Tensor broadcasted(const Tensor& input, const Shape& shape) {
  CHECK(input.shape().size() == shape.size());
  Strides strides = strides_of(input.shape());
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (input.shape()[d] == 1) strides[d] = 0;
  Tensor result(input.dtype(), shape);
  walk(shape, input.bytes().data(), strides, result.bytes().data(), strides_of(shape),
       size_of(input.dtype()));
  return result;
}

}  // namespace chengying::compiler
