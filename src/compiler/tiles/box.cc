#include "compiler/tiles/box.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler::tiles {

bool Box::empty() const {
  return std::ranges::any_of(size, [](std::int64_t extent) { return extent <= 0; });
}

std::int64_t Box::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : size) count *= std::max<std::int64_t>(extent, 0);
  return count;
}

Box intersection(const Box& a, const Box& b) {
  CHECK(a.size.size() == b.size.size());
  Box result = a;
  for (std::size_t d = 0; d < a.size.size(); ++d) {
    const std::int64_t end = std::min(a.start[d] + a.size[d], b.start[d] + b.size[d]);
    result.start[d] = std::max(a.start[d], b.start[d]);
    result.size[d] = std::max<std::int64_t>(end - result.start[d], 0);
  }
  return result;
}

Box bound(const Box& a, const Box& b) {
  CHECK(a.size.size() == b.size.size());
  if (a.empty()) return b;
  if (b.empty()) return a;
  Box result = a;
  for (std::size_t d = 0; d < a.size.size(); ++d) {
    const std::int64_t end = std::max(a.start[d] + a.size[d], b.start[d] + b.size[d]);
    result.start[d] = std::min(a.start[d], b.start[d]);
    result.size[d] = end - result.start[d];
  }
  return result;
}

bool contains(const Box& outer, const Box& inner) {
  return inner.empty() || intersection(outer, inner) == inner;
}

std::vector<Box> difference(const Box& a, const Box& b) {
  const Box common = intersection(a, b);
  if (common.empty()) return a.empty() ? std::vector<Box>{} : std::vector<Box>{a};
  std::vector<Box> pieces;
  Box rest = a;  // shrinks to `common` one dimension after the other
  for (std::size_t d = 0; d < a.size.size(); ++d) {
    const std::int64_t rest_end = rest.start[d] + rest.size[d];
    const std::int64_t common_end = common.start[d] + common.size[d];
    if (rest.start[d] < common.start[d]) {
      pieces.push_back(rest);
      pieces.back().size[d] = common.start[d] - rest.start[d];
    }
    if (common_end < rest_end) {
      pieces.push_back(rest);
      pieces.back().start[d] = common_end;
      pieces.back().size[d] = rest_end - common_end;
    }
    rest.start[d] = common.start[d];
    rest.size[d] = common.size[d];
  }
  return pieces;
}

std::vector<Box> difference(const Box& a, const std::vector<Box>& boxes) {
  std::vector<Box> rest;
  if (!a.empty()) rest.push_back(a);
  for (const Box& box : boxes) {
    std::vector<Box> next;
    for (const Box& piece : rest) {
      for (Box& part : difference(piece, box)) next.push_back(std::move(part));
    }
    rest = std::move(next);
  }
  return rest;
}

std::string to_string(const Box& box) {
  std::string text = "[";
  for (std::size_t d = 0; d < box.size.size(); ++d) {
    if (d > 0) text += ',';
    text += fmt::format("{}:{}", box.start[d], box.start[d] + box.size[d]);
  }
  return text + "]";
}

}  // namespace chengying::compiler::tiles
