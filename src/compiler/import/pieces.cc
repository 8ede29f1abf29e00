#include "compiler/import/pieces.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "compiler/import/operators.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

constexpr std::size_t kPiecesMax = 4096;  // a slice each

/// The longest run of equal steps from the first of `places` on: all of one source, none twice.
template <class At>
std::size_t run_length(std::size_t first, std::size_t size, const At& step_to) {
  if (first + 1 >= size) return size - first;
  const std::optional<std::int64_t> step = step_to(first);
  if (!step || *step == 0) return 1;
  std::size_t last = first + 1;
  while (last + 1 < size && step_to(last) == step) ++last;
  return last - first + 1;
}

std::unexpected<Error> too_many(NodeLowering& n, std::size_t pieces) {
  return n.refuse(fmt::format("a result of more than {} pieces of computed tensors (the limit is {})", pieces,
                              kPiecesMax));
}

ValueId joined(NodeLowering& n, std::int32_t axis, std::vector<ValueId> parts) {
  if (parts.size() == 1) return parts[0];
  Shape to = n.shape(parts[0]);
  to[axis] = 0;
  for (const ValueId part : parts) to[axis] += n.shape(part)[axis];
  return n.emit(ConcatNode{axis}, std::move(parts), std::move(to));
}

/// Of constants the elements are copied as they are.
Tensor copied(std::span<const ConstantTensor> sources, const std::vector<Place>& places, Shape to) {
  Tensor result(sources[0]->dtype(), std::move(to));
  const std::size_t size = size_of(result.dtype());
  for (std::size_t i = 0; i < places.size(); ++i)
    std::memcpy(result.bytes().data() + i * size,
                sources[places[i].source]->bytes().data() + static_cast<std::size_t>(places[i].at) * size,
                size);
  return result;
}

}  // namespace

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

Result<ValueId> entries_along(NodeLowering& n, ValueId x, std::int32_t axis,
                              const std::vector<std::int64_t>& indices) {
  std::vector<ValueId> parts;
  const auto step_to = [&](std::size_t i) { return std::optional(indices[i + 1] - indices[i]); };
  for (std::size_t i = 0; i < indices.size();) {
    const std::size_t length = run_length(i, indices.size(), step_to);
    const std::int64_t step = length > 1 ? indices[i + 1] - indices[i] : 1;
    parts.push_back(make_slice(n, x, axis, indices[i], static_cast<std::int64_t>(length), step));
    if (parts.size() > kPiecesMax && n.value(x).constant == nullptr) return too_many(n, kPiecesMax);
    i += length;
  }
  if (parts.empty()) return n.refuse("an empty result");
  return joined(n, axis, std::move(parts));
}

Result<ValueId> elements_at(NodeLowering& n, const std::vector<ValueId>& sources,
                            const std::vector<Place>& places, Shape to) {
  if (places.empty()) return n.refuse("an empty result");
  std::vector<ConstantTensor> known;
  for (const ValueId source : sources)
    if (n.value(source).constant != nullptr) known.push_back(n.value(source).constant);
  if (known.size() == sources.size()) return n.add_constant(copied(known, places, std::move(to)));
  std::vector<ValueId> flat, parts;
  for (const ValueId source : sources) flat.push_back(n.reshape(source, {*element_count(n.shape(source))}));
  const auto step_to = [&](std::size_t i) {
    const bool one = places[i].source == places[i + 1].source;
    return one ? std::optional(places[i + 1].at - places[i].at) : std::nullopt;
  };
  for (std::size_t i = 0; i < places.size();) {
    const std::size_t length = run_length(i, places.size(), step_to);
    const std::int64_t step = length > 1 ? places[i + 1].at - places[i].at : 1;
    parts.push_back(
        make_slice(n, flat[places[i].source], 0, places[i].at, static_cast<std::int64_t>(length), step));
    if (parts.size() > kPiecesMax) return too_many(n, kPiecesMax);
    i += length;
  }
  return n.reshape(joined(n, 0, std::move(parts)), std::move(to));
}

Result<std::int64_t> place_in(const NodeLowering& n, std::int64_t index, std::int64_t size) {
  const std::int64_t place = index < 0 ? index + size : index;
  if (place < 0 || place >= size) return n.broken(fmt::format("index {} of a dimension of {}", index, size));
  return place;
}

Status check_places(const NodeLowering& n, const Shape& shape) {
  const Result<std::int64_t> elements = element_count(shape);
  if (elements && *elements <= kPlacesMax) return {};
  return n.refuse(fmt::format("elements of {} are chosen one by one; the limit is {} of them",
                              to_string(shape), kPlacesMax));
}

ValueId zeros_like(NodeLowering& n, ValueId x, std::int64_t elements) {
  const ValueId zeros = n.add_constant(Tensor(n.value(x).dtype, {elements}), "zeros");
  n.mutable_graph().value(zeros).quantisation = n.value(x).quantisation;
  return zeros;
}

}  // namespace chengying::compiler
