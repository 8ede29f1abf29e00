#include "compiler/tiles/strided.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "isa/limits.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::size_t kViewRank = 4;
constexpr std::int64_t kDimensionMax = isa::limits::kDimension;

isa::View view_of(const Strided& operand, std::span<const std::size_t> dimensions) {
  CHECK(dimensions.size() <= kViewRank);
  isa::View view{.at = operand.at, .dtype = operand.dtype, .shape = {1, 1, 1, 1}, .stride = {0, 0, 0, 0}};
  const std::size_t skip = kViewRank - dimensions.size();
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    view.shape[skip + i] = static_cast<std::int32_t>(operand.shape[dimensions[i]]);
    view.stride[skip + i] = operand.stride[dimensions[i]];
  }
  // The dimensions that the operand lacks never move; they get the strides of a dense array of one element
  // more.
  std::int64_t outer = static_cast<std::int64_t>(size_of(operand.dtype));
  if (view.shape[3] == 1) view.stride[3] = outer;  // nothing moves along it, and instructions ask for this
  for (std::size_t d = kViewRank; d-- > 0;) {
    if (d < skip) view.stride[d] = outer;
    outer = std::max(outer, view.stride[d] * view.shape[d]);
  }
  return view;
}

/// Merges dimension i + 1 into i where every operand's bytes allow; the last `fixed` dimensions stay.
void merge_neighbours(std::vector<Strided>& operands, std::size_t fixed) {
  std::size_t i = 0;
  while (i + 1 + fixed < operands.front().shape.size()) {
    const bool mergeable = std::ranges::all_of(operands, [i](const Strided& operand) {
      return operand.stride[i] == operand.stride[i + 1] * operand.shape[i + 1] &&
             operand.shape[i] <= kDimensionMax / operand.shape[i + 1];
    });
    if (!mergeable) {
      ++i;
      continue;
    }
    for (Strided& operand : operands) {
      operand.shape[i] *= operand.shape[i + 1];
      operand.stride[i] = operand.stride[i + 1];
      operand.shape.erase(operand.shape.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      operand.stride.erase(operand.stride.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }
}

/// Reorders the dimensions by falling stride of the last operand and drops those of size 1; the last `fixed`
/// ones stay as they are.
void order_dimensions(std::vector<Strided>& operands, std::size_t fixed) {
  const Strided lead = operands.back();
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d + fixed < lead.shape.size(); ++d) {
    if (lead.shape[d] != 1) order.push_back(d);
  }
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return lead.stride[a] != lead.stride[b] ? lead.stride[a] > lead.stride[b] : a < b;
  });
  for (std::size_t d = lead.shape.size() - fixed; d < lead.shape.size(); ++d) order.push_back(d);
  for (Strided& operand : operands) {
    const Strided before = operand;
    operand.shape.clear();
    operand.stride.clear();
    for (const std::size_t d : order) {
      operand.shape.push_back(before.shape[d]);
      operand.stride.push_back(before.stride[d]);
    }
  }
}

Status check_pieces(std::int64_t pieces) {
  if (pieces <= kPiecesMax) return {};
  return fail(Code::kTooLarge, "its elements lie such that {} instructions are needed, the limit is {}",
              pieces, kPiecesMax);
}

/// Adds the views of each step over the outermost dimensions until four are left.
void for_each_step(const std::vector<Strided>& operands, std::vector<std::vector<isa::View>>& steps) {
  if (operands.front().shape.size() <= kViewRank) {
    std::vector<isa::View>& views = steps.emplace_back();
    for (const Strided& operand : operands) {
      std::vector<std::size_t> dimensions(operand.shape.size());
      std::iota(dimensions.begin(), dimensions.end(), std::size_t{0});
      views.push_back(view_of(operand, dimensions));
    }
    return;
  }
  for (std::int64_t index = 0; index < operands.front().shape.front(); ++index) {
    std::vector<Strided> inner = operands;
    for (Strided& operand : inner) {
      operand.at.offset += static_cast<std::uint64_t>(index * operand.stride.front());
      operand.shape.erase(operand.shape.begin());
      operand.stride.erase(operand.stride.begin());
    }
    for_each_step(inner, steps);
  }
}

/// The dimensions of a dense row-major window with neighbours merged, and the products of sizes from the
/// inside.
struct Nested {
  Strided merged;
  std::vector<std::int64_t> inner_elements;  // of each dimension: elements of all dimensions inside of it
};

Nested nested(const Strided& operand) {
  std::vector<Strided> merged{operand};
  for (std::size_t d = merged[0].shape.size(); d-- > 0;) {
    if (merged[0].shape[d] != 1) continue;
    merged[0].shape.erase(merged[0].shape.begin() + static_cast<std::ptrdiff_t>(d));
    merged[0].stride.erase(merged[0].stride.begin() + static_cast<std::ptrdiff_t>(d));
  }
  merge_neighbours(merged, 0);
  Nested result{merged[0], std::vector<std::int64_t>(merged[0].shape.size())};
  std::int64_t elements = 1;
  for (std::size_t d = result.inner_elements.size(); d-- > 0;) {
    result.inner_elements[d] = elements;
    elements *= result.merged.shape[d];
  }
  return result;
}

/// `window` cut at `boundaries` (rising element counts, each dividing the next, the first is 1).
Strided cut(const Nested& window, std::span<const std::int64_t> boundaries, std::int64_t total) {
  Strided result = window.merged;
  result.shape.clear();
  result.stride.clear();
  for (std::size_t b = boundaries.size(); b-- > 0;) {
    const std::int64_t next = b + 1 < boundaries.size() ? boundaries[b + 1] : total;
    result.shape.push_back(next / boundaries[b]);
    std::size_t d = 0;
    while (window.inner_elements[d] > boundaries[b]) ++d;
    result.stride.push_back(window.merged.stride[d] * (boundaries[b] / window.inner_elements[d]));
  }
  return result;
}

std::uint64_t byte_of_element(const Nested& window, std::int64_t element) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < window.inner_elements.size(); ++d) {
    offset += element / window.inner_elements[d] * window.merged.stride[d];
    element %= window.inner_elements[d];
  }
  return static_cast<std::uint64_t>(offset);
}

/// Copies of the longest runs that both windows hold in one piece: for shapes that do not nest.
Result<std::vector<isa::Copy>> copies_by_runs(const Nested& source, const Nested& destination,
                                              std::int64_t total) {
  const std::int64_t run = std::gcd(source.merged.shape.back(), destination.merged.shape.back());
  TRY(check_pieces(total / run));
  std::vector<isa::Copy> result;
  for (std::int64_t element = 0; element < total; element += run) {
    const std::array operands{Strided{source.merged.at + byte_of_element(source, element),
                                      source.merged.dtype,
                                      {run},
                                      {source.merged.stride.back()}},
                              Strided{destination.merged.at + byte_of_element(destination, element),
                                      destination.merged.dtype,
                                      {run},
                                      {destination.merged.stride.back()}}};
    TRY_ASSIGN(const auto steps, aligned_views(operands));
    for (const std::vector<isa::View>& views : steps) {
      result.push_back({.source = views[0], .destination = views[1]});
    }
  }
  return result;
}

}  // namespace

isa::View image_view(const Strided& image) {
  CHECK(image.shape.size() == kViewRank);
  constexpr std::array<std::size_t, kViewRank> kOrder{0, 2, 3, 1};
  isa::View view = view_of(image, kOrder);
  // A row or column of one: nothing moves along it, but the strides of an image rise outwards.
  if (view.shape[1] == 1) view.stride[1] = std::max(view.stride[1], view.stride[0]);
  if (view.shape[2] == 1) view.stride[2] = std::max(view.stride[2], view.stride[1]);
  return view;
}

isa::View view_in_order(const Strided& window) {
  std::vector<std::size_t> dimensions(window.shape.size());
  std::iota(dimensions.begin(), dimensions.end(), std::size_t{0});
  return view_of(window, dimensions);
}

Result<std::vector<std::vector<isa::View>>> aligned_views(std::span<const Strided> operands,
                                                          bool keep_innermost) {
  CHECK(!operands.empty());
  std::vector<Strided> windows(operands.begin(), operands.end());
  for (const Strided& window : windows) CHECK(window.shape == windows.front().shape);
  const std::size_t fixed = keep_innermost && !windows.front().shape.empty() ? 1 : 0;
  order_dimensions(windows, fixed);
  merge_neighbours(windows, fixed);
  std::int64_t pieces = 1;
  const std::vector<std::int64_t>& shape = windows.front().shape;
  for (std::size_t d = 0; d + kViewRank < shape.size() && pieces <= kPiecesMax; ++d) pieces *= shape[d];
  TRY(check_pieces(pieces));
  std::vector<std::vector<isa::View>> steps;
  for_each_step(windows, steps);
  return steps;
}

Result<std::vector<isa::Copy>> copies(const Strided& source, const Strided& destination) {
  if (source.shape == destination.shape) {
    const std::array operands{source, destination};
    TRY_ASSIGN(const auto steps, aligned_views(operands));
    std::vector<isa::Copy> result;
    for (const std::vector<isa::View>& views : steps) {
      result.push_back({.source = views[0], .destination = views[1]});
    }
    return result;
  }
  const Nested from = nested(source);
  const Nested to = nested(destination);
  const auto elements = [](const Strided& window) {
    return std::accumulate(window.shape.begin(), window.shape.end(), std::int64_t{1}, std::multiplies{});
  };
  const std::int64_t total = elements(source);
  CHECK(elements(destination) == total);
  if (total == 1)
    return copies({source.at, source.dtype, {}, {}}, {destination.at, destination.dtype, {}, {}});
  std::vector<std::int64_t> boundaries = from.inner_elements;
  boundaries.insert(boundaries.end(), to.inner_elements.begin(), to.inner_elements.end());
  std::ranges::sort(boundaries);
  boundaries.erase(std::unique(boundaries.begin(), boundaries.end()), boundaries.end());
  for (std::size_t i = 0; i + 1 < boundaries.size(); ++i) {
    if (boundaries[i + 1] % boundaries[i] != 0) return copies_by_runs(from, to, total);
  }
  return copies(cut(from, boundaries, total), cut(to, boundaries, total));
}

}  // namespace chengying::compiler::tiles
