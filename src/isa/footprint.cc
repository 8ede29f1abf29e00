#include "isa/footprint.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace chengying::isa {
namespace {

using Footprints = std::vector<Footprint>;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return floor_div(a + b - 1, b);
}

std::int64_t outer_stride(const Footprint& f) {
  return f.dense() ? 0 : f.dims()[0].stride;
}

/// `f` as `count` groups at stride `period`: itself once if its outermost stride is another.
struct Groups {
  Footprint whole;
  std::int64_t period;
  std::int64_t count() const { return outer_stride(whole) == period ? whole.dims()[0].count : 1; }
  Footprint at(std::int64_t i) const { return outer_stride(whole) == period ? whole.inner(i) : whole; }
  std::int64_t begin() const { return whole.begin(); }
  std::int64_t length() const { return at(0).length(); }
};

/// Half-open range of integers.
struct Range {
  std::int64_t from, to;
};

/// The offsets d for which group i of `a` and group i + d of `b` (any i) share bytes of their hulls.
Range meeting_offsets(const Groups& a, const Groups& b) {
  const std::int64_t period = a.period;
  return {floor_div(a.begin() - b.begin() - b.length(), period) + 1,
          ceil_div(a.begin() + a.length() - b.begin(), period)};
}

bool hulls_overlap(const Footprint& a, const Footprint& b) {
  return a.begin() < b.end() && b.begin() < a.end();
}

bool groups_overlap(const Groups& a, const Groups& b, Budget& budget) {
  const Range offsets = meeting_offsets(a, b);
  for (std::int64_t d = offsets.from; d < offsets.to; ++d) {
    const std::int64_t i = std::max<std::int64_t>(0, -d);
    if (i < std::min(a.count(), b.count() - d) && overlap(a.at(i), b.at(i + d), budget)) return true;
  }
  return false;
}

/// Overlap of single groups i in [from, to) of `a` with `b`.
bool any_group_overlaps(const Groups& a, const Footprint& b, Budget& budget) {
  const std::int64_t from =
      std::max<std::int64_t>(0, floor_div(b.begin() - a.begin() - a.length(), a.period) + 1);
  const std::int64_t to = std::min(a.count(), ceil_div(b.end() - a.begin(), a.period));
  if (b.dense() && to - from > 2) return true;  // those between the first and the last lie inside of b
  for (std::int64_t i = from; i < to; ++i)
    if (overlap(a.at(i), b, budget)) return true;
  return false;
}

/// The parts of a cover, made comparable at one period, and the question asked of one group after another.
class Cover {
 public:
  Cover(const Footprints& parts, std::int64_t period, std::int64_t origin) : period_(period) {
    for (const Footprint& part : parts) {
      if (part.dense()) {
        dense_.push_back(part);
        continue;
      }
      for (const Footprint& piece : part.split(period, origin)) strided_.push_back({piece, period});
    }
  }

  bool holds(const Footprint& wanted, Budget& budget) const {
    const Groups groups{wanted, period_};
    const std::vector<std::int64_t> changes = changes_of(groups);
    for (std::size_t c = 0; c + 1 < changes.size(); ++c)
      if (!covered(groups.at(changes[c]), parts_near(groups, changes[c]), budget)) return false;
    return true;
  }

 private:
  /// Ascending indices of groups, from 0 to the count, between which all groups see the same parts.
  std::vector<std::int64_t> changes_of(const Groups& groups) const {
    const std::int64_t count = groups.count();
    std::vector<std::int64_t> changes{0, count};
    const auto add = [&](std::int64_t i) {
      if (i > 0 && i < count) changes.push_back(i);
    };
    for (const Groups& part : strided_) {
      const Range offsets = meeting_offsets(groups, part);
      for (std::int64_t d = offsets.from; d < offsets.to; ++d) {
        add(-d);
        add(part.count() - d);
      }
    }
    for (const Footprint& part : dense_) {
      // Groups that an end of the part cuts are each unlike their neighbours.
      for (const std::int64_t edge : {part.begin(), part.end()}) {
        const std::int64_t first = floor_div(edge - groups.begin() - groups.length(), period_) + 1;
        for (std::int64_t i = first; i <= ceil_div(edge - groups.begin(), period_); ++i) add(i);
      }
    }
    std::ranges::sort(changes);
    changes.erase(std::ranges::unique(changes).begin(), changes.end());
    return changes;
  }

  Footprints parts_near(const Groups& groups, std::int64_t i) const {
    Footprints parts;
    const Footprint group = groups.at(i);
    for (const Footprint& part : dense_)
      if (hulls_overlap(group, part)) parts.push_back(part);
    for (const Groups& part : strided_) {
      const Range offsets = meeting_offsets(groups, part);
      for (std::int64_t d = offsets.from; d < offsets.to; ++d)
        if (i + d >= 0 && i + d < part.count()) parts.push_back(part.at(i + d));
    }
    return parts;
  }

  std::int64_t period_;
  Footprints dense_;
  std::vector<Groups> strided_;
};

bool covered_by_dense(const Footprint& wanted, Footprints parts) {
  std::ranges::sort(parts, {}, &Footprint::begin);
  std::int64_t reached = wanted.begin();
  for (const Footprint& part : parts) {
    if (part.begin() > reached) break;
    reached = std::max(reached, part.end());
  }
  return reached >= wanted.end();
}

}  // namespace

Footprint Footprint::of(const View& view, std::int32_t padding) {
  const auto size = static_cast<std::int64_t>(size_of(view.dtype));
  std::array<Dim, 4> dims;
  std::size_t count = 0;
  for (std::size_t d = 0; d < 4; ++d) {
    const Dim dim{d == 3 ? view.shape[d] - padding : view.shape[d], view.stride[d]};
    if (dim.count > 1 && dim.stride != 0) dims[count++] = dim;
  }
  std::ranges::sort(std::span(dims).first(count), std::ranges::greater(), &Dim::stride);
  Footprint result(static_cast<std::int64_t>(view.at.offset), size);
  for (std::size_t d = count; d-- > 0;) {
    const Dim& dim = dims[d];
    if (dim.stride < result.length()) {
      const Footprint hull(result.first_,
                           static_cast<std::int64_t>(view.extent_bytes()) - padding * view.stride[3]);
      result = hull;
      result.nested_ = false;
      return result;
    }
    if (result.dense() && dim.stride == result.run_)
      result.run_ *= dim.count;
    else if (!result.dense() && dim.stride == result.dims_[0].count * result.dims_[0].stride)
      result.dims_[0].count *= dim.count;
    else
      result = result.repeated(dim.count, dim.stride);
  }
  return result;
}

std::int64_t Footprint::length() const {
  std::int64_t length = run_;
  for (const Dim& dim : dims()) length += (dim.count - 1) * dim.stride;
  return length;
}

Footprint Footprint::inner(std::int64_t i) const {
  Footprint result = *this;
  result.first_ += i * dims_[0].stride;
  std::copy(dims_.begin() + 1, dims_.begin() + static_cast<std::ptrdiff_t>(size_), result.dims_.begin());
  result.dims_[--result.size_] = Dim{};
  return result;
}

Footprint Footprint::part(std::int64_t from, std::int64_t to) const {
  if (to - from == 1) return inner(from);
  Footprint result = *this;
  result.first_ += from * dims_[0].stride;
  result.dims_[0].count = to - from;
  return result;
}

Footprint Footprint::repeated(std::int64_t count, std::int64_t stride) const {
  if (count == 1) return *this;
  Footprint result = *this;
  CHECK(size_ < dims_.size());
  std::copy_backward(dims_.begin(), dims_.begin() + static_cast<std::ptrdiff_t>(size_),
                     result.dims_.begin() + static_cast<std::ptrdiff_t>(size_) + 1);
  result.dims_[0] = {count, stride};
  ++result.size_;
  return result;
}

std::vector<Footprint> Footprint::split(std::int64_t period, std::int64_t origin) const {
  if (outer_stride(*this) == period) return {*this};
  // A dense run is a row of single bytes: the same split with a stride of 1.
  const Dim row = dense() ? Dim{run_, 1} : dims_[0];
  if (row.stride > period || period % row.stride != 0) return {};
  const auto items = [&](std::int64_t from, std::int64_t to) {
    return dense() ? Footprint(first_ + from, to - from) : part(from, to);
  };
  const std::int64_t per_group = period / row.stride;
  const std::int64_t phase = first_ - origin - floor_div(first_ - origin, period) * period;
  const std::int64_t head = std::min(row.count, phase == 0 ? 0 : ceil_div(period - phase, row.stride));
  const std::int64_t groups = (row.count - head) / per_group;
  const std::int64_t tail = head + groups * per_group;
  std::vector<Footprint> pieces;
  if (head > 0) pieces.push_back(items(0, head));
  if (groups > 0) pieces.push_back(items(head, head + per_group).repeated(groups, period));
  if (tail < row.count) pieces.push_back(items(tail, row.count));
  return pieces;
}

bool overlap(const Footprint& a, const Footprint& b, Budget& budget) {
  if (!budget.spend()) return true;
  if (!hulls_overlap(a, b)) return false;
  if (a.dense() && b.dense()) return true;
  if (outer_stride(a) < outer_stride(b)) return overlap(b, a, budget);
  const Groups groups{a, outer_stride(a)};
  if (b.dense()) return any_group_overlaps(groups, b, budget);
  const std::vector<Footprint> pieces = b.split(groups.period, a.begin());
  if (pieces.empty()) return any_group_overlaps(groups, b, budget);
  return std::ranges::any_of(
      pieces, [&](const Footprint& piece) { return groups_overlap(groups, {piece, groups.period}, budget); });
}

bool surely_contains(const Footprint& outer, const Footprint& inner) {
  if (!outer.nested()) return false;
  if (outer.dense()) return outer.begin() <= inner.begin() && inner.end() <= outer.end();
  const std::int64_t shift = inner.begin() - outer.begin();
  return std::ranges::equal(outer.dims(), inner.dims()) && shift >= 0 && shift + inner.run() <= outer.run();
}

namespace {

/// By the parts that can be compared at this period; the others do not count.
bool covered_at(std::int64_t period, std::int64_t origin, const Footprint& wanted, const Footprints& parts,
                Budget& budget) {
  const Cover cover(parts, period, origin);
  const std::vector<Footprint> pieces = wanted.split(period, origin);
  if (!pieces.empty())
    return std::ranges::all_of(pieces, [&](const Footprint& piece) { return cover.holds(piece, budget); });
  // Strides that do not divide each other: group by group.
  for (std::int64_t i = 0; i < wanted.dims()[0].count; ++i)
    if (!covered(wanted.inner(i), parts, budget)) return false;
  return true;
}

}  // namespace

bool covered(const Footprint& wanted, std::span<const Footprint> parts, Budget& budget) {
  Footprints near;
  std::vector<std::pair<std::int64_t, std::int64_t>> periods;  // with the origin of each
  const auto add_period = [&](const Footprint& part) {
    const std::int64_t stride = outer_stride(part);
    if (stride > 0 &&
        std::ranges::find(periods, stride, &std::pair<std::int64_t, std::int64_t>::first) == periods.end())
      periods.emplace_back(stride, part.begin());
  };
  for (const Footprint& part : parts) {
    if (!hulls_overlap(wanted, part)) continue;
    if (surely_contains(part, wanted)) return true;
    near.push_back(part);
    add_period(part);
  }
  add_period(wanted);
  if (!budget.spend(1 + parts.size()) || near.empty()) return false;
  if (periods.empty()) return covered_by_dense(wanted, std::move(near));
  // The longest period sees the most. What memory held before it was used again may have any strides, though,
  // and at the period of such a part the ones that matter may not be comparable: so the shorter ones are
  // tried, too.
  std::ranges::sort(periods, std::ranges::greater());
  for (const auto& [period, origin] : periods) {
    if (period < outer_stride(wanted)) break;
    if (covered_at(period, origin, wanted, near, budget)) return true;
    if (budget.exhausted) return false;
  }
  return false;
}

}  // namespace chengying::isa
